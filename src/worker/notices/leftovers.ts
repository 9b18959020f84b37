import { process } from '../../node/intrinsics.ts';
import { errorText } from '../../validation/describe.ts';
import { runningTask } from '../../task/current.ts';
import type { LeftoverNotice } from '../../wire/messages/notices.ts';
import { isTaskRunning } from '../tasks/task-runner.ts';

/**
 * Reports errors of leftovers: code that a finished task has left running (a timer, a stream, a promise). Such an error is the fault of
 * the finished task, whose context Node still has when the error turns out to be uncaught, and not of the task that runs meanwhile.
 *
 * A running task goes on, and the pool replaces the worker afterwards.
 */
export function watchLeftovers(send: (notice: LeftoverNotice) => void): void {
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    // The error is handled elsewhere, and does not end the worker.
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
    const task = finishedTask();
    if (task === undefined) return;
    const isFatal = !isTaskRunning();
    if (!isFatal) process.once('uncaughtException', () => undefined);
    send({ type: 'leftover', task, what: `threw ${errorText(error)}`, isFatal });
  });
  process.on('exit', (code) => {
    const task = finishedTask();
    if (task !== undefined) send({ type: 'leftover', task, what: `exited with code ${code}`, isFatal: true });
  });
}

/** The name of the task in whose context this runs, where that task is over. */
function finishedTask(): string | undefined {
  const task = runningTask.getStore();
  return task?.isOver === true ? task.name : undefined;
}
