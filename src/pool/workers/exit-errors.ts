import { types } from 'node:util';

import { describe } from '../../validation/describe.ts';
import { ModuleLoadError, OffloopError, OptionError, WorkerCrashedError, WorkerOutOfMemoryError } from '../../errors.ts';
import { warn } from '../../node/warnings.ts';
import type { TaskAddress } from '../../wire/messages/requests.ts';
import type { LeftoverNotice } from '../../wire/messages/notices.ts';
import type { WorkerExit } from '../engines/engine.ts';

/*
 * What is said when a worker ends, or cannot begin.
 */

/** @param task the task that the worker was running */
export function crashError(task: string, exit: WorkerExit, leftover: LeftoverNotice | undefined): OffloopError {
  const cause = exit.error === undefined ? undefined : { cause: exit.error };
  if (exit.isOutOfMemory) {
    return new WorkerOutOfMemoryError(
      `The worker that ran the task '${task}' ran out of memory. Give it less at a time, or raise \`resourceLimits.maxOldGenerationSizeMb\`.`,
      cause,
    );
  }
  return new WorkerCrashedError(
    `The worker that ran the task '${task}' ended ${exit.how}${errorSuffix(exit)}. ${leftoverText(leftover)}The task may have run in part; nothing else is affected.`,
    exit.exitCode,
    cause,
  );
}

function leftoverText(leftover: LeftoverNotice | undefined): string {
  return leftover === undefined ? '' : `It was not at fault: something that '${leftover.task}' had left running when it was over ${leftover.what}. `;
}

/** Nobody waits for an idle worker, so nobody can be told by an error. */
export function warnOfIdleCrash(pool: string, exit: WorkerExit, leftover: LeftoverNotice | undefined): void {
  const owner = leftover === undefined ? 'a finished task' : `the task '${leftover.task}'`;
  warn(
    'OFFLOOP_WORKER_CRASHED',
    `An idle worker of the pool '${pool}' ended ${exit.how}${errorSuffix(exit)}. Something that ${owner} had left running when it was over did it; no task was lost.`,
  );
}

/** The task that runs meanwhile goes on, so nobody else is told. */
export function warnOfLeftover(pool: string, { task, what }: LeftoverNotice): void {
  warn(
    'OFFLOOP_LEFTOVER',
    `Something that the task '${task}' had left running when it was over ${what}. The pool '${pool}' replaces the worker; no task was lost.`,
  );
}

/** What the calls get that wait when workers end, one after the other, before they can take a task. */
export function failedStartError(pool: string, exit: WorkerExit): OffloopError {
  const cause = exit.error === undefined ? undefined : { cause: exit.error };
  if (exit.isOutOfMemory) {
    return new WorkerOutOfMemoryError(`The workers of the pool '${pool}' run out of memory before they are ready. Raise \`resourceLimits\`, or load less in \`preload\`.`, cause);
  }
  return new WorkerCrashedError(
    `The workers of the pool '${pool}' end before they are ready: the last one ended ${exit.how}${errorSuffix(exit)}. ` +
      'Look at `execArgv`, `env`, `preload` and `resourceLimits`. The next one is tried after a pause; the task was not started.',
    exit.exitCode,
    cause,
  );
}

export function lateStartError(pool: string, startTimeout: number): OffloopError {
  return new WorkerCrashedError(
    `A worker of the pool '${pool}' was not ready ${startTimeout} ms after it had been given its first task (\`startTimeout\`), and was ended: ` +
      'something in `preload` or in a module of `execArgv` or NODE_OPTIONS (--import, --require) does not come to its end, ' +
      'or the machine has no room for the threads of another process. The task was not started.',
    null,
  );
}

/** What a call gets whose worker was ready, and has not begun with it. */
export function lateLoadError({ module, name }: TaskAddress, ms: number): OffloopError {
  return new ModuleLoadError(
    `The task '${name}' had not begun ${ms} ms after it was sent to its worker (see \`startTimeout\`): ${module} is still being loaded there. ` +
      'Something at its top level does not come to its end: it may wait for a module that waits for it, or for its own task. The task was not started.',
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

function errorSuffix({ error }: WorkerExit): string {
  return error === undefined ? '' : `: ${messageOf(error)}`;
}

function messageOf(error: unknown): string {
  return types.isNativeError(error) || error instanceof Error ? error.message : describe(error);
}
