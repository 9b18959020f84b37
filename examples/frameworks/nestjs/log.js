import { threadId } from 'node:worker_threads';
import { cls } from './context.js';

/** The service of nestjs-cls returns the same values in both threads. */
export function log(message, fields) {
  const ids = { requestId: cls.getId(), user: cls.get('user') };
  console.log(JSON.stringify({ thread: threadId, ...ids, ...fields, message }));
}
