import * as timers from 'node:timers';

/*
 * Timers and clocks for all of offloop, bound when offloop is imported: a test that fakes the globals later neither stops a worker nor
 * ends one. A lint rule (eslint.clock.js) keeps the rest of src/ from the globals.
 *
 * The timers come from `node:timers`, since a test environment (jsdom) has global functions of its own, whose timers are numbers.
 */

export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } = timers;
export const { queueMicrotask } = globalThis;
export const { nextTick } = process;

const { hrtime } = process;
const dateNow = Date.now;

/**
 * Monotonic, in ms, and the same for all threads and processes of a machine. `now()` is as fast as `performance.now()`, whose module
 * takes a new thread more than a millisecond to load.
 */
export function now(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** Epoch ms. */
export function epochNow(): number {
  return dateNow();
}

/** Epoch ms by the clock that the user's code sees at the moment, which a test may have faked. Users give their deadlines by this clock. */
export function callersEpoch(): number {
  return globalThis.Date.now();
}

/** Resolves after `ms`; keeps the process alive until then. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
