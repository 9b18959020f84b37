/** In ms. Node takes 1 ms for what is longer than that. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** A timer of any length that keeps no process alive. Where the time is over already, Node 24 would warn of a negative one. */
export function unrefTimer(fn: () => void, ms: number): NodeJS.Timeout {
  return setTimeout(fn, Math.min(Math.max(1, ms), LONGEST_TIMER)).unref();
}
