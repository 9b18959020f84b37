import { EventEmitter } from 'node:events';

import { setImmediate } from '../../node/clock.ts';
import { process, Promise } from '../../node/intrinsics.ts';
import { defineOwn } from '../../node/own-properties.ts';

type Listener = (message: unknown) => void;

// As they were when the worker started: a task may replace them.
const { listeners, prependListener, off, on } = EventEmitter.prototype;
const probe = {};
/** What tasks have made of it is what counts here. */
const self = process;

/**
 * Node hands a process its messages by `process.nextTick` and `process.emit`, to listeners that anybody may take off. Where a task
 * replaces one of these the process lives on and hears nothing, so that all later calls would wait for ever. A wrapper that calls the
 * real one, as agents have them, stays.
 */
export class Hearing {
  readonly #own: readonly Listener[];
  #nextTick = self.nextTick;
  #emit = self.emit;
  readonly #channel = self.channel;

  /** @param own the listeners of the pool's messages */
  constructor(own: readonly Listener[]) {
    this.#own = own;
  }

  /** To be called when a task is over, before its answer is sent. The process ends where it cannot be mended, which its pool notices. */
  async mend(): Promise<void> {
    if (self.emit !== this.#emit) this.#mendEmit();
    if (self.nextTick !== this.#nextTick) await this.#mendNextTick();
    // Node drops what comes in where there is none.
    if (self.channel !== this.#channel && self.connected) put('channel', this.#channel);
    const there = listeners.call(process, 'message');
    for (const listener of this.#own) if (!there.includes(listener)) on.call(process, 'message', listener);
  }

  #mendEmit(): void {
    if (isEmitting()) this.#emit = self.emit;
    else put('emit', this.#emit);
  }

  async #mendNextTick(): Promise<void> {
    if (await isTicking()) this.#nextTick = self.nextTick;
    else put('nextTick', this.#nextTick);
  }
}

/** tinypool's listener, while nobody else could have added one after it. */
export function tinypoolsListener(): Listener[] {
  return (listeners.call(process, 'message') as Listener[]).slice(-1);
}

function isEmitting(): boolean {
  let isHeard = false;
  const listener: Listener = (message) => { isHeard ||= message === probe; };
  prependListener.call(process, 'message', listener);
  try {
    self.emit('message', probe, undefined);
  } catch {
    // Of another listener's, or of the one that has replaced it.
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
