import { describe } from '../../validation/describe.ts';
import { ContextError, ContextTooLargeError, NotCloneableError, OptionError, PoolClosedError, QueueFullError } from '../../errors.ts';
import { userStack } from '../../node/stack-frames.ts';

/*
 * Why a call is not taken, or is given up.
 */

export function closedError(pool: string, what: string): PoolClosedError {
  return new PoolClosedError(`${what}: the pool '${pool}' is closed. Create another one with createPool().`);
}

export function afterClose(pool: string, what: string): PoolClosedError {
  return closedError(pool, `${what} was called after the pool '${pool}' was closed`);
}

export function fullError(pool: string, maxQueue: number, task: string): QueueFullError {
  return new QueueFullError(
    `The task '${task}' was refused: ${String(maxQueue)} calls wait in the pool '${pool}' already. ` +
      'Wait for pool.ready() before calling, shed the load, or raise `maxQueue`.',
  );
}

export function notATask(method: 'run' | 'map', task: unknown): OptionError {
  return new OptionError(
    `pool.${method}(): expected a task made by offload(), got ${describe(task)}. ` +
      'Declare it in a module of its own, `export const f = offload(import.meta, function f(…) {…})`, ' +
      'or call a plain module as pool.tasks(url).f(…), whose functions run() and map() do not take.',
  );
}

/** @throws OptionError (OFFLOOP_OPTION) */
export function assertList(task: string, args: unknown): void {
  let options: ErrorOptions | undefined;
  try {
    if (Array.isArray(args)) return;
  } catch (cause) {
    // A proxy that was revoked.
    options = { cause };
  }
  throw new OptionError(`pool.run(): expected the arguments of '${task}' in an array, got ${describe(args)}.`, options);
}

/** What is thrown deep in the encoding of a call would show how deep that is, and not which call it was. */
export function asCallerSees(error: unknown): unknown {
  if (!(error instanceof ContextError || error instanceof ContextTooLargeError || error instanceof NotCloneableError)) return error;
  Error.captureStackTrace(error, asCallerSees);
  // An Error.prepareStackTrace of the user's may make anything of it.
  if (typeof error.stack === 'string') error.stack = userStack(error.stack);
  return error;
}
