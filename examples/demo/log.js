import { threadId } from 'node:worker_threads';
import pino from 'pino';
import { requestStore } from './context.js';

// The log is synchronous: a worker's own stdout is relayed through the main thread, a file descriptor is not.
const destination = pino.destination({ fd: 1, sync: true });

export const log = pino({
  level: process.env.LOG_LEVEL ?? 'info',
  base: { thread: threadId },
  formatters: { level: (level) => ({ level }) },
  mixin: requestFields,
}, destination);

function requestFields() {
  const { requestId, traceId } = requestStore.getStore() ?? {};
  return { requestId, traceId };
}
