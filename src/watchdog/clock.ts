// `performance.now()` counts from the start of its own thread; both threads must mean the same instant.
const [seconds, nanoseconds] = process.hrtime();
const read = performance.now.bind(performance);
const origin = seconds * 1000 + nanoseconds / 1e6 - read();

/** Monotonic ms, the same in every thread of the process, and untouched by fake timers installed later. */
export function now(): number {
  return origin + read();
}

/** An instant of `now()` as epoch ms. */
export function toEpoch(instant: number): number {
  return Math.round(Date.now() - (now() - instant));
}
