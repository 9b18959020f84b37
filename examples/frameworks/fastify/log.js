import { threadId } from 'node:worker_threads';
import { requestContext } from '@fastify/request-context';

/** The plugin's API reads the same store in both threads. */
export function log(message, fields) {
  const ids = { requestId: requestContext.get('requestId'), user: requestContext.get('user') };
  console.log(JSON.stringify({ thread: threadId, ...ids, ...fields, message }));
}
