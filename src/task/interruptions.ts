import { DOMException, String } from '../node/intrinsics.ts';
import { DeadlineExceededError, PoolClosedError, TaskTimeoutError } from '../errors.ts';
import type { AbortKind } from '../wire/messages/requests.ts';

/*
 * The errors of a call that is given up: its caller aborts, its timeout or its deadline passes, or its pool closes. The caller's error
 * says what to do; the task's own error, the reason of its signal, says only of which kind the interruption is.
 */

const deadlineMoments = {
  'called': 'had passed when it was called; the task was never started',
  'waiting': 'passed while it waited for a worker; the task was never started',
  'in its worker': 'passed before it began in its worker; the task was never started',
  'running': 'passed while it ran',
  'mapping': 'passed while pool.map() waited for its next item',
};

/** For the caller. */
export function deadlineError(task: string, when: keyof typeof deadlineMoments): DeadlineExceededError {
  return new DeadlineExceededError(`The deadline of the task '${task}' ${deadlineMoments[when]}. Allow more time, or give the task less to do.`);
}

/** How long a task had a CPU, in ms, and whether its thread has a lower priority than others. */
interface CpuShare {
  readonly cpuMs: number;
  readonly isLowered: boolean;
}

/** A task that had a CPU for less of its time than this has waited for something. */
const BUSY_SHARE = 0.5;

/**
 * For the caller.
 * @param workerStack where the worker was when the time ran out, if that is known
 * @param share how long the task had a CPU by then, if that is known
 */
export function timeoutError(task: string, timeout: number, workerStack?: string, share?: CpuShare): TaskTimeoutError {
  const waited = share === undefined || share.cpuMs >= BUSY_SHARE * timeout ? '' : ` (${waitedWhile(share)})`;
  return tooLong(task, `ran longer than its timeout of ${String(timeout)} ms${waited}`, workerStack, share?.cpuMs);
}

function waitedWhile({ cpuMs, isLowered }: CpuShare): string {
  const why = isLowered ? 'its thread has a lower priority while shorter tasks run' : 'otherwise it waited for something, or for a CPU';
  return `of which it had a CPU for ${String(Math.round(cpuMs))} ms: ${why}`;
}

/** For the caller of a task that has a timeout, which begins with the task: its worker did not begin the task within `limit` ms. */
export function notBegunError(task: string, limit: number, workerStack?: string): TaskTimeoutError {
  return tooLong(task, `had not started ${String(limit)} ms after it was sent to its worker: its module may be stuck loading`, workerStack);
}

function tooLong(task: string, what: string, workerStack: string | undefined, cpuMs?: number): TaskTimeoutError {
  const where = workerStack === undefined ? '' : ` Its worker was here:\n${workerStack}\n `;
  return new TaskTimeoutError(`The task '${task}' ${what}.${where} Raise \`timeout\`, or give the task less to do.`, workerStack, cpuMs);
}

/** For the task itself. */
export function abortReason(kind: AbortKind, task: string): Error {
  switch (kind) {
    case 'abort':
      return new DOMException(`The caller of the task '${task}' aborted it. The task is to stop.`, 'AbortError');
    case 'timeout':
      return new TaskTimeoutError(`The timeout of the task '${task}' passed while it ran. The task is to stop.`);
    case 'deadline':
      return new DeadlineExceededError(`The deadline of the task '${task}' passed while it ran. The task is to stop.`);
    case 'closed':
      return new PoolClosedError(`The pool that runs the task '${task}' is closing. The task is to stop.`);
  }
}

/** For tasks that still run when their `pool.map()` ends. */
export function mapEndedReason(): Error {
  return new DOMException('The map has ended.', 'AbortError');
}
