import { fileURLToPath } from 'node:url';

import '../core.ts';
import { thread } from '../shared/shared.ts';
import { runningTask } from '../task/current.ts';
import { createProcessHandler } from './processes/process-host.ts';
import { createThreadHandler } from './threads/thread-host.ts';
import { isTinypoolThread, noThenable, undoPreload } from './tinypool/startup.ts';
import { watchReads } from './notices/uncarried-stores.ts';

thread.isWorker = true;
undoPreload();
// Until one store has been entered, Node 20 and 22 do not follow async calls, and an `enterWith` after an `await` would leak into
// whatever runs next. So enter one before the first task.
runningTask.run(undefined as never, () => undefined);
watchReads();

/** The function that tinypool calls with each message. */
export default isTinypoolThread() ? noThenable(createThreadHandler(fileURLToPath(import.meta.url))) : noThenable(createProcessHandler());
