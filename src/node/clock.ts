import * as timers from 'node:timers';

/*
 * The timers and clocks of everything in offloop, as they were when offloop was imported: a test that fakes the process's own
 * stops no worker, and ends none. A lint rule keeps the rest of src/ from the globals.
 *
 * Not the global functions but those of `node:timers`: a test environment (jsdom) has globals of its own, whose timers are
 * numbers.
 */

export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } = timers;
export const { queueMicrotask } = globalThis;
export const { nextTick } = process;

const { hrtime } = process;
const dateNow = Date.now;

/**
 * Monotonic, in ms, and the same for all threads and processes of a machine. As fast as `performance.now()`, whose module takes
 * a new thread more than a millisecond to load.
 */
export function now(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** Epoch ms. */
export function epochNow(): number {
  return dateNow();
}

/** An instant of `now()` as epoch ms, a whole number. */
export function toEpoch(instant: number): number {
  return Math.round(epochNow() - (now() - instant));
}

/** Epoch ms by the clock that the user's code sees at the moment, which a test may have faked: by which users say their deadlines. */
export function callersEpoch(): number {
  return globalThis.Date.now();
}

/** Keeps the process alive. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
