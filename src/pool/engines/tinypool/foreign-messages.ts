import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';

import { warnOfForeignMessage } from '../../../task/foreign-message-warning.ts';

/*
 * Everybody in a worker may use the worker's own channel (`parentPort`, `process.send`): the task's modules, and Node itself, which
 * reports there under `--watch` which files were loaded. tinypool (2.2.0) ends a worker that sends a message that it does not expect.
 */

type Listener = (message: unknown) => void;

/** tinypool expects one message from a thread: that the thread is ready. */
export function ignoreForeignMessages(thread: Worker): void {
  let isReady = false;
  wrapListener(thread, (message, tinypools) => {
    if (!isReady && isReadyMessage(message)) {
      isReady = true;
      tinypools(message);
      // With another listener, the message may have been meant for that.
    } else if (thread.listenerCount('message') === 1) warnOfForeignMessage('parentPort.postMessage()', message);
  });
  // A new listener keeps the process alive, and tinypool has called unref() already.
  thread.unref();
}

/** tinypool expects a process to send that it is ready, and its responses. Any other message with tinypool's mark is forged. */
export function ignoreForgedMessages(child: ChildProcess): void {
  let isReady = false;
  wrapListener(child, (message, tinypools) => {
    if (typeof message !== 'object' || message === null || !Object.hasOwn(message, '__tinypool_worker_message__')) return;
    const { source, taskId } = message as { readonly source?: unknown; readonly taskId?: unknown };
    if (source === 'port' ? typeof taskId !== 'number' : isReady || !isReadyMessage(message)) return;
    isReady ||= source !== 'port';
    tinypools(message);
  });
}

/** The only listener is tinypool's: the worker was started a moment ago. */
function wrapListener(worker: Worker | ChildProcess, listener: (message: unknown, tinypools: Listener) => void): void {
  const emitter: EventEmitter = worker;
  const [tinypools] = emitter.listeners('message') as Listener[];
  if (tinypools === undefined) return;
  emitter.off('message', tinypools);
  emitter.on('message', (message: unknown) => { listener(message, tinypools); });
}

function isReadyMessage(message: unknown): boolean {
  return typeof message === 'object' && message !== null && (message as { ready?: unknown }).ready === true;
}
