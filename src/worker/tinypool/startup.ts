import type { MessagePort } from 'node:worker_threads';

import { defineOwn } from '../../node/own-properties.ts';

/** Left by static/preload.cjs, which runs before tinypool's entry. */
interface Startup {
  /** The real function: tinypool has bound a fake one. */
  readonly memoryUsage: typeof process.memoryUsage;
  /** The port of tinypool's startup message, in a thread. */
  readonly port: MessagePort | undefined;
  /** The listener that tinypool has added to a process's messages. */
  readonly listener: ((message: unknown) => void) | undefined;
  /** By the port: what to call when a message cannot be read from it. */
  readonly unreadListeners: WeakMap<MessagePort, (cause: unknown) => void>;
}

/** Undefined where the preload was not run. */
export const startup = (globalThis as Record<symbol, Startup | undefined>)[Symbol.for('offloop.startup')];

/**
 * Undoes what the preload did, before any of the user's code runs: tinypool has bound its own functions by now. Takes offloop's flags
 * off as well, since the processes and threads of a task inherit them.
 */
export function undoPreload(): void {
  Reflect.deleteProperty(globalThis, Symbol.for('offloop.startup'));
  if (startup !== undefined) {
    process.memoryUsage = startup.memoryUsage;
    dropFlag((flag) => flag.endsWith('preload.cjs'));
  }
  dropFlag((flag) => flag === 'offloop-worker');
}

function dropFlag(isItsValue: (value: string) => boolean): void {
  const at = process.execArgv.findLastIndex(isItsValue);
  if (at > 0) process.execArgv.splice(at - 1, 2);
}

export function isTinypoolThread(): boolean {
  return (process as { __tinypool_state__?: { isWorkerThread?: boolean } }).__tinypool_state__?.isWorkerThread === true;
}

/** tinypool awaits its handler, which must not be taken for a thenable: a task may have put a `then` on `Function.prototype`. */
export function noThenable<T extends object>(handler: T): T {
  return defineOwn(handler, 'then', { value: undefined });
}
