import { process } from '../node/intrinsics.ts';
import { errorText } from '../validation/describe.ts';
import { runningTask } from '../task/current.ts';
import type { LeftoverNotice } from '../wire/messages/notices.ts';
import { isTaskRunning } from './tasks/task-runner.ts';

/**
 * What a finished task has left running (a timer, a stream, a promise) is its own fault, and not that of the task that
 * runs meanwhile: Node still has the context of the one that left it when its error is found to be uncaught.
 *
 * A task that runs lives on then, and the pool is told to replace the worker afterwards.
 */
export function watchLeftovers(tell: (notice: LeftoverNotice) => void): void {
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    // Somebody takes care of it: then it ends nothing.
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
    const task = finishedTask();
    if (task === undefined) return;
    const isFatal = !isTaskRunning();
    if (!isFatal) process.once('uncaughtException', () => undefined);
    tell({ type: 'leftover', task, what: `threw ${errorText(error)}`, isFatal });
  });
  process.on('exit', (code) => {
    const task = finishedTask();
    if (task !== undefined) tell({ type: 'leftover', task, what: `exited with code ${code}`, isFatal: true });
  });
}

/** The one whose context this is, if it is over. */
function finishedTask(): string | undefined {
  const task = runningTask.getStore();
  return task?.isOver === true ? task.name : undefined;
}
