import { threadId } from 'node:worker_threads';
import pino from 'pino';
import { requestStore } from './context.js';

/** Both threads load this module: `mixin` puts the same ids into the lines of both. */
export const log = pino(
  { base: { thread: threadId }, mixin: ids, messageKey: 'message' },
  // The destination is synchronous, so that a worker writes by itself: its own stdout is relayed by the main thread.
  pino.destination({ fd: 1, sync: true }),
);

function ids() {
  const { requestId, user } = requestStore.getStore() ?? {};
  return { requestId, user };
}
