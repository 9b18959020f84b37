import { noClasses, type ErrorClasses } from '../../wire/errors/error-repairs.ts';
import type { Repairs } from '../../wire/values/repairs.ts';
import { isThenable } from '../../node/promises.ts';
import type { Call } from './call.ts';
import { classesFor } from './rejection.ts';

/**
 * Hands on what a task has sent: at once, unless the classes of errors in it have to be loaded first, or something that the
 * same call was sent before still waits for that.
 */
export function inTurn({ extras, task }: Call, repairs: Repairs | undefined, deliver: (classes: ErrorClasses) => void): void {
  const before = extras?.turn;
  const classes = repairs?.errors === undefined ? noClasses : classesFor(repairs.errors, task);
  if (before === undefined && !isThenable(classes)) {
    deliver(classes);
    return;
  }
  const turn = Promise.all([classes, before]).then(([found]) => { deliver(found); });
  if (extras !== undefined) extras.turn = turn;
}
