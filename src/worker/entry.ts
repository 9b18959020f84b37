import { fileURLToPath } from 'node:url';

import { thread } from '../shared/shared.ts';
import { runningTask } from '../task/current.ts';
import { noPromise } from './tasks/no-then.ts';
import { createProcessHandler } from './processes/process-host.ts';
import { createThreadHandler } from './threads/thread-host.ts';
import { watchReads } from './tasks/uncarried-stores.ts';

thread.isWorker = true;
undoPreload();
// Until one store has been entered, Node 20 and 22 follow no async calls, and an `enterWith` after an `await` would leak
// into whatever runs next. So enter one before the first task.
runningTask.run(undefined as never, () => undefined);
watchReads();

const isThread = (process as { __tinypool_state__?: { isWorkerThread?: boolean } }).__tinypool_state__?.isWorkerThread === true;

/** What tinypool calls with each message. */
export default isThread ? noPromise(createThreadHandler(fileURLToPath(import.meta.url))) : noPromise(createProcessHandler());

/**
 * See static/preload.cjs: tinypool has bound its own by now, and everybody else gets the real one; and the real flags, which
 * the processes and threads of a task inherit.
 */
function undoPreload(): void {
  const memoryUsage = (globalThis as Record<symbol, typeof process.memoryUsage | undefined>)[Symbol.for('offloop.memoryUsage')];
  if (memoryUsage !== undefined) {
    process.memoryUsage = memoryUsage;
    dropFlag((flag) => flag.endsWith('preload.cjs'));
  }
  dropFlag((flag) => flag === 'offloop-worker');
}

function dropFlag(isItsValue: (value: string) => boolean): void {
  const at = process.execArgv.findLastIndex(isItsValue);
  if (at > 0) process.execArgv.splice(at - 1, 2);
}
