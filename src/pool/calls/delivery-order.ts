import { noClasses, type ErrorClasses } from '../../wire/errors/error-repairs.ts';
import type { Repairs } from '../../wire/values/repairs.ts';
import { isThenable } from '../../node/promises.ts';
import type { Call } from './call.ts';
import { classesFor } from './rejection.ts';

/**
 * Delivers something that a task has sent: at once, unless error classes in it have to be loaded first, or an earlier delivery
 * of the same call still waits for its classes.
 */
export function deliverInOrder({ extras, task }: Call, repairs: Repairs | undefined, deliver: (classes: ErrorClasses) => void): void {
  const previous = extras?.lastDelivery;
  const classes = repairs?.errors === undefined ? noClasses : classesFor(repairs.errors, task);
  if (previous === undefined && !isThenable(classes)) {
    deliver(classes);
    return;
  }
  const delivery = Promise.all([classes, previous]).then(([found]) => { deliver(found); });
  if (extras !== undefined) extras.lastDelivery = delivery;
}
