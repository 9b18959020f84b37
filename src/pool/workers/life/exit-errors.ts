import { types } from 'node:util';

import { describe } from '../../../validation/describe.ts';
import { ModuleLoadError, OffloopError, OptionError, WorkerCrashedError, WorkerOutOfMemoryError } from '../../../errors.ts';
import { warn } from '../../../node/warnings.ts';
import type { TaskAddress } from '../../../wire/messages/requests.ts';
import type { LeftoverNotice } from '../../../wire/messages/notices.ts';
import type { WorkerExit } from '../../engines/engine.ts';

/*
 * Errors and warnings about workers that end or cannot start.
 */

/** @param task the task that the worker was running */
export function crashError(task: string, exit: WorkerExit, leftover: LeftoverNotice | undefined): OffloopError {
  const cause = exit.error === undefined ? undefined : { cause: exit.error };
  if (exit.isOutOfMemory) {
    return new WorkerOutOfMemoryError(
      `The worker that ran the task '${task}' ran out of memory. Give the task less data per call, or raise \`resourceLimits.maxOldGenerationSizeMb\`.`,
      cause,
    );
  }
  return new WorkerCrashedError(
    `The worker that ran the task '${task}' ended ${exit.how}${errorSuffix(exit)}. ${leftoverText(leftover)}The task may have run in part; no other call is affected.`,
    exit.exitCode,
    cause,
  );
}

function leftoverText(leftover: LeftoverNotice | undefined): string {
  return leftover === undefined ? '' : `The task did not cause this: code that the finished task '${leftover.task}' had left running ${leftover.what}. `;
}

/** No call waits for an idle worker, so no call can reject with an error: a warning is given instead. */
export function warnOfIdleCrash(pool: string, exit: WorkerExit, leftover: LeftoverNotice | undefined): void {
  const owner = leftover === undefined ? 'a finished task' : `the finished task '${leftover.task}'`;
  warn(
    'OFFLOOP_WORKER_CRASHED',
    `An idle worker of the pool '${pool}' ended ${exit.how}${errorSuffix(exit)}. Code that ${owner} had left running caused this; no task was lost.`,
  );
}

/** A task that runs meanwhile goes on, so no call rejects: a warning is given instead. */
export function warnOfLeftover(pool: string, { task, what }: LeftoverNotice): void {
  warn(
    'OFFLOOP_LEFTOVER',
    `Code that the finished task '${task}' had left running ${what}. The pool '${pool}' replaces the worker; no task was lost.`,
  );
}

/** The error of waiting calls when several workers in a row end before they are ready. */
export function failedStartError(pool: string, exit: WorkerExit): OffloopError {
  const cause = exit.error === undefined ? undefined : { cause: exit.error };
  if (exit.isOutOfMemory) {
    return new WorkerOutOfMemoryError(`The workers of the pool '${pool}' run out of memory before they are ready. Raise \`resourceLimits\`, or load less in \`preload\`.`, cause);
  }
  return new WorkerCrashedError(
    `The workers of the pool '${pool}' end before they are ready: the last one ended ${exit.how}${errorSuffix(exit)}. ` +
      'Check `execArgv`, `env`, `preload` and `resourceLimits`. Another worker is started after a pause; the task was not started.',
    exit.exitCode,
    cause,
  );
}

export function lateStartError(pool: string, startTimeout: number): OffloopError {
  return new WorkerCrashedError(
    `A worker of the pool '${pool}' was ended, because it was not ready ${startTimeout} ms after it was sent its first task (see \`startTimeout\`): ` +
      'a module of `preload`, or a module that `execArgv` or NODE_OPTIONS loads (--import, --require), does not finish loading, ' +
      'or the machine has no room for the threads of another process. The task was not started.',
    null,
  );
}

/** The error of a call that its worker, which was ready, has not begun in time. */
export function lateLoadError({ module, name }: TaskAddress, ms: number): OffloopError {
  return new ModuleLoadError(
    `The task '${name}' had not begun ${ms} ms after it was sent to its worker (see \`startTimeout\`): ${module} is still being loaded there. ` +
      'Its top-level code does not finish: the module may wait for a module that waits for it, or for its own task. The task was not started.',
  );
}

/** Whether Node's permission model (`--permission`) forbids workers. */
export function isDenied(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_ACCESS_DENIED';
}

export function warnOfNoWorkers(pool: string, error: unknown): void {
  warn(
    'OFFLOOP_NO_WORKERS',
    `The pool '${pool}' is not allowed to start workers here (${messageOf(error)}), so its tasks run on the event loop. ` +
      'Allow workers (--allow-worker, --allow-child-process) to move the tasks off the event loop.',
  );
}

/** The error of the call that needed the worker. */
export function startError(pool: string, error: unknown): OffloopError {
  if (error instanceof OffloopError) return error;
  return new OptionError(
    `The pool '${pool}' could not start a worker: ${messageOf(error)}. Check \`execArgv\`, \`env\` and \`resourceLimits\`.`,
    { cause: error },
  );
}

function errorSuffix({ error }: WorkerExit): string {
  return error === undefined ? '' : `: ${messageOf(error)}`;
}

function messageOf(error: unknown): string {
  return types.isNativeError(error) || error instanceof Error ? error.message : describe(error);
}
