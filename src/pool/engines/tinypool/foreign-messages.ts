import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';

import { warnOfForeignMessage } from '../../../task/foreign-message-warning.ts';

/*
 * A worker's own channel (`parentPort`, `process.send`) is open to everybody in it: to the task's modules, and to Node itself, which
 * reports there under `--watch` what was loaded. tinypool (2.2.0, pinned) ends a worker that sends anything that it does not expect.
 */

type Listener = (message: unknown) => void;

/** tinypool expects one message of a thread: that it is ready. */
export function ignoreForeignMessages(thread: Worker): void {
  let isReady = false;
  wrapListener(thread, (message, tinypools) => {
    if (!isReady && isReadyMessage(message)) {
      isReady = true;
      tinypools(message);
      // Somebody else may listen: then the message was for them.
    } else if (thread.listenerCount('message') === 1) warnOfForeignMessage('parentPort.postMessage()', message);
  });
  // A listener keeps the process alive, and tinypool has let go of the thread already.
  thread.unref();
}

/** Of a process: that it is ready, and its answers. All else that bears tinypool's mark is forged. */
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

/** There is no other one yet: the worker was started a moment ago. */
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
