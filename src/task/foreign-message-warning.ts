import { warnViaPool } from './notices.ts';

/** For a message that something else than offloop has sent through a worker's channel to the pool. The message is ignored. */
export function warnOfForeignMessage(how: string, message: unknown): void {
  if (isFromNode(message)) return;
  warnViaPool(
    'OFFLOOP_FOREIGN_MESSAGE',
    `Something in a worker has called \`${how}\`, whose other end belongs to the pool: the message was ignored. ` +
      'To tell the caller something while a task runs, call `currentTask().progress(value)` in the task and pass `onProgress` with the call.',
  );
}

/** Under `node --watch` every thread and process reports the files that it loads. */
function isFromNode(message: unknown): boolean {
  return typeof message === 'object' && message !== null && Object.keys(message).some((key) => key.startsWith('watch:'));
}
