import { EventEmitter } from 'node:events';

import { setImmediate } from '../../node/clock.ts';
import { process, Promise } from '../../node/intrinsics.ts';
import { defineOwn } from '../../node/own-properties.ts';

type Listener = (message: unknown) => void;

// As they were when the worker started: a task may replace them.
const { listeners, prependListener, off, on } = EventEmitter.prototype;
const probe = {};
/** The real process object, on which tasks replace properties: they may replace the global `process` as well. */
const self = process;

/**
 * Keeps a process able to receive messages. Node delivers them by `process.nextTick` and `process.emit` to listeners that anybody may
 * remove. Where a task replaces one of these the process lives on and receives nothing, so that all later calls would wait for ever.
 * A replacement that calls the real function, as agents install, stays.
 */
export class MessageListeners {
  readonly #own: readonly Listener[];
  #nextTick = self.nextTick;
  #emit = self.emit;
  readonly #channel = self.channel;

  /** @param own the listeners that must receive the pool's messages */
  constructor(own: readonly Listener[]) {
    this.#own = own;
  }

  /**
   * Puts back what a task has replaced or removed. Call this when the task is over, before its response is sent. The process exits
   * where a property cannot be put back, which its pool notices.
   */
  async restore(): Promise<void> {
    if (self.emit !== this.#emit) this.#restoreEmit();
    if (self.nextTick !== this.#nextTick) await this.#restoreNextTick();
    // Without a channel Node drops what it receives.
    if (self.channel !== this.#channel && self.connected) put('channel', this.#channel);
    const present = listeners.call(process, 'message');
    for (const listener of this.#own) if (!present.includes(listener)) on.call(process, 'message', listener);
  }

  #restoreEmit(): void {
    if (isEmitting()) this.#emit = self.emit;
    else put('emit', this.#emit);
  }

  async #restoreNextTick(): Promise<void> {
    if (await isTicking()) this.#nextTick = self.nextTick;
    else put('nextTick', this.#nextTick);
  }
}

function isEmitting(): boolean {
  let isHeard = false;
  const listener: Listener = (message) => { isHeard ||= message === probe; };
  prependListener.call(process, 'message', listener);
  try {
    self.emit('message', probe, undefined);
  } catch {
    // Another listener threw, or the replacement did.
  }
  off.call(process, 'message', listener);
  return isHeard;
}

function isTicking(): Promise<boolean> {
  return new Promise((resolve) => {
    setImmediate(() => { setImmediate(() => { resolve(false); }); });
    try {
      self.nextTick(() => { resolve(true); });
    } catch {
      resolve(false);
    }
  });
}

function put(key: 'emit' | 'nextTick' | 'channel', value: unknown): void {
  try {
    defineOwn(process, key, { value, enumerable: true, configurable: true, writable: true });
  } catch {
    process.exit(1);
  }
}
