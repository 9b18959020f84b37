import { AsyncResource } from 'node:async_hooks';

import { Reflect } from '../../node/intrinsics.ts';
import { enterStores } from '../../context/call-stores.ts';
import { enterDeadline } from '../../context/deadline.ts';
import { runningTask } from '../../task/current.ts';
import type { AnyFunction } from '../../task/registry.ts';
import { noClasses } from '../../wire/errors/error-repairs.ts';
import { repair } from '../../wire/values/repairs.ts';
import type { RunningTask } from './running-task.ts';

/** Calls the task's function with its arguments repaired, in a clean root in which its stores and its deadline are entered. */
export function callTask(task: RunningTask, fn: AnyFunction): unknown {
  const { message, handle, inScope } = task;
  const { args, repairs, stores } = message;
  if (repairs !== undefined) repair(args as unknown[], repairs, task.classes ?? noClasses);
  const { deadline } = handle;
  return inScope(() => {
    const within = stores === undefined ? undefined : enterStores(stores);
    runningTask.enterWith(handle);
    if (within !== undefined) return within(() => (deadline === undefined ? callHere(task, fn, args) : enterDeadline(deadline, () => callHere(task, fn, args))));
    return deadline === undefined ? callHere(task, fn, args) : enterDeadline(deadline, () => callHere(task, fn, args));
  });
}

function callHere(task: RunningTask, fn: AnyFunction, args: readonly unknown[]): unknown {
  // A spread would call the array's iterator, which a task may have replaced.
  const value: unknown = Reflect.apply(fn, undefined, args);
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') task.scope = new AsyncResource('offloop.Result', { requireManualDestroy: true });
  return value;
}
