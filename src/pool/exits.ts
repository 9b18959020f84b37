import { describe } from '../describe.ts';
import { OffloopError, OptionError, WorkerCrashedError, WorkerOutOfMemoryError } from '../errors.ts';
import type { WorkerExit } from './engine.ts';

/*
 * What is said when a worker ends, or cannot begin.
 */

/** @param task the task that the worker was running */
export function crashError(task: string, exit: WorkerExit): OffloopError {
  const cause = exit.error === undefined ? undefined : { cause: exit.error };
  if (exit.isOutOfMemory) {
    return new WorkerOutOfMemoryError(
      `The worker that ran the task '${task}' ran out of memory. Give it less at a time, or raise \`resourceLimits.maxOldGenerationSizeMb\`.`,
      cause,
    );
  }
  return new WorkerCrashedError(
    `The worker that ran the task '${task}' ended ${exit.how}${because(exit)}. The task may have run in part; nothing else is affected.`,
    exit.exitCode,
    cause,
  );
}

/** Nobody waits for an idle worker, so nobody can be told by an error. */
export function warnOfIdleCrash(pool: string, exit: WorkerExit): void {
  warn(
    'OFFLOOP_WORKER_CRASHED',
    `An idle worker of the pool '${pool}' ended ${exit.how}${because(exit)}. Something that a finished task had left running did it; no task was lost.`,
  );
}

/** The platform refuses workers: `--permission`. */
export function isDenied(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_ACCESS_DENIED';
}

export function warnOfNoWorkers(pool: string, error: unknown): void {
  warn(
    'OFFLOOP_NO_WORKERS',
    `The pool '${pool}' may not start workers here (${messageOf(error)}): its tasks run on the event loop. ` +
      'Allow workers (--allow-worker, --allow-child-process) to get them off it.',
  );
}

/** What the call gets that needed the worker. */
export function startError(pool: string, error: unknown): OffloopError {
  if (error instanceof OffloopError) return error;
  return new OptionError(
    `The pool '${pool}' could not start a worker: ${messageOf(error)}. Look at \`execArgv\`, \`env\` and \`resourceLimits\`.`,
    { cause: error },
  );
}

function because({ error }: WorkerExit): string {
  return error === undefined ? '' : `: ${messageOf(error)}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : describe(error);
}

function warn(code: string, message: string): void {
  process.emitWarning(message, { code, type: 'OffloopWarning' });
}
