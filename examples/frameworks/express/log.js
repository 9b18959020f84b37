import { threadId } from 'node:worker_threads';
import { requestStore } from './context.js';

export function log(message, fields) {
  const { requestId, user } = requestStore.getStore() ?? {};
  console.log(JSON.stringify({ thread: threadId, requestId, user, ...fields, message }));
}
