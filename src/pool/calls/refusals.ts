import { describe } from '../../validation/describe.ts';
import { ContextError, ContextTooLargeError, NotCloneableError, OptionError, PoolClosedError, QueueFullError } from '../../errors.ts';
import { userStack } from '../../node/stack-frames.ts';

/*
 * Errors of calls that a pool refuses or cancels.
 */

export function closedError(pool: string, what: string): PoolClosedError {
  return new PoolClosedError(`${what} the pool '${pool}' was closed. Create another pool with createPool().`);
}

export function calledAfterCloseError(pool: string, what: string): PoolClosedError {
  return closedError(pool, `${what} was called after`);
}

export function queueFullError(pool: string, maxQueue: number, task: string): QueueFullError {
  return new QueueFullError(
    `The call of the task '${task}' was refused: ${String(maxQueue)} calls are waiting in the pool '${pool}' already. ` +
      'Await pool.ready() before each call, reject requests earlier, or raise `maxQueue`.',
  );
}

export function notATaskError(method: 'run' | 'map', task: unknown): OptionError {
  return new OptionError(
    `pool.${method}(): expected a task made by offload(), got ${describe(task)}. ` +
      'Declare the function in a module of its own, `export const f = offload(import.meta, function f(…) {…})`, ' +
      'or call a plain module with pool.tasks(url).f(…); run() and map() do not accept the functions of pool.tasks().',
  );
}

/** @throws OptionError (OFFLOOP_OPTION) */
export function assertArgsArray(task: string, args: unknown): void {
  let options: ErrorOptions | undefined;
  try {
    if (Array.isArray(args)) return;
  } catch (cause) {
    // The value is a revoked proxy.
    options = { cause };
  }
  throw new OptionError(`pool.run(): expected the arguments of '${task}' in an array, got ${describe(args)}.`, options);
}

/** Replaces the stack of an error that was thrown while a call was encoded. The stack would show offloop's frames, and not the call that failed. */
export function withCallSiteStack(error: unknown): unknown {
  if (!(error instanceof ContextError || error instanceof ContextTooLargeError || error instanceof NotCloneableError)) return error;
  Error.captureStackTrace(error, withCallSiteStack);
  // A user's Error.prepareStackTrace may return any value.
  if (typeof error.stack === 'string') error.stack = userStack(error.stack);
  return error;
}
