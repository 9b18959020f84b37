import { threadId } from 'node:worker_threads';
import { requestStore } from './context.js';

/** The work: it knows nothing of pools and carriers, and sees its request as it would in the main thread. */
export function describeRequest(order) {
  return { order, isMainThread: threadId === 0, request: requestStore.getStore() };
}
