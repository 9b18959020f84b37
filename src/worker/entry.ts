import { fileURLToPath } from 'node:url';

import { thread } from '../shared.ts';
import { runningTask } from '../task/current.ts';
import { createProcessHandler } from './process-host.ts';
import { createThreadHandler } from './thread-host.ts';

thread.isWorker = true;
// Until one store has been entered, Node 20 and 22 follow no async calls, and an `enterWith` after an `await` would leak
// into whatever runs next. So enter one before the first task.
runningTask.run(undefined as never, () => undefined);

const isThread = (process as { __tinypool_state__?: { isWorkerThread?: boolean } }).__tinypool_state__?.isWorkerThread === true;

/** What tinypool calls with each message. */
export default isThread ? createThreadHandler(fileURLToPath(import.meta.url)) : createProcessHandler();
