import { describe } from '../../validation/describe.ts';
import { ContextError, ContextTooLargeError, DeadlineExceededError, NotCloneableError, OptionError, PoolClosedError, QueueFullError } from '../../errors.ts';
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

/** @param retryAfter ms until the queue has room to speak of; undefined where that is not known */
export function queueFullError(pool: string, maxQueue: number, task: string, retryAfter: number | undefined): QueueFullError {
  return new QueueFullError(
    `The call of the task '${task}' was refused: ${String(maxQueue)} calls are waiting in the pool '${pool}' already. ` +
      'Await pool.ready() before each call, reject requests earlier, or raise `maxQueue`.',
    wholeMs(retryAfter),
  );
}

/**
 * @param wait how long calls like this one wait, in ms
 * @param run how long such a call runs, in ms; 0 where that is not known
 * @param left ms to the deadline
 */
export function tooLateError(pool: string, task: string, wait: number, run: number, left: number): DeadlineExceededError {
  // Where the run alone takes longer, a shorter queue does not help.
  const retryAfter = run > left ? undefined : wholeMs(wait + run - left);
  const advice = retryAfter === undefined ? 'Allow more time.' : `Call again in ${String(retryAfter)} ms (\`retryAfter\`), allow more time, or raise \`priority\` or \`maxThreads\`.`;
  return new DeadlineExceededError(
    `The call of the task '${task}' was refused: its deadline is in ${String(wholeMs(left))} ms, and such a call has to wait about ${String(wholeMs(wait))} ms in the ` +
      `pool '${pool}' now${run > 0 ? `, and runs for about ${String(wholeMs(run))} ms` : ''}; the task was never started. ${advice}`,
    retryAfter,
  );
}

/** At least 1. */
function wholeMs(ms: number): number;
function wholeMs(ms: number | undefined): number | undefined;
function wholeMs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.max(1, Math.ceil(ms));
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
