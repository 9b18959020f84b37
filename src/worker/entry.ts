import { realm } from '../realm.ts';
import { createProcessHandler } from './process-host.ts';
import { createThreadHandler } from './thread-host.ts';

realm.isWorker = true;
// Until one store has been entered, Node 20 and 22 follow no async calls, and an `enterWith` after an `await` would leak
// into whatever runs next. So enter one before the first task.
realm.deadline.run(0, () => undefined);

const isThread = (process as { __tinypool_state__?: { isWorkerThread?: boolean } }).__tinypool_state__?.isWorkerThread === true;

/** What tinypool calls with each message. */
export default isThread ? createThreadHandler() : createProcessHandler();
