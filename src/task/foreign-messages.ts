import { warnOnce } from './end-hooks.ts';

/** Somebody in a worker has used its channel to the pool for a message of their own. The message is ignored. */
export function warnOfForeign(how: string, message: unknown): void {
  if (isOfNode(message)) return;
  warnOnce(
    'OFFLOOP_FOREIGN_MESSAGE',
    `Something in a worker has called \`${how}\`, whose other end belongs to the pool: the message was ignored. ` +
      'To tell the caller something while a task runs, call `currentTask().progress(value)` in the task and pass `onProgress` with the call.',
  );
}

/** `node --watch` has every thread and process report what it loads. */
function isOfNode(message: unknown): boolean {
  return typeof message === 'object' && message !== null && Object.keys(message).some((key) => key.startsWith('watch:'));
}
