import { setTimeout } from './clock.ts';

/** In ms. For a longer delay Node takes 1 ms. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** A timer that keeps no process alive; a delay beyond `LONGEST_TIMER` is cut to it. */
export function unrefTimer(fn: () => void, ms: number): NodeJS.Timeout {
  return setTimeout(fn, inRange(ms)).unref();
}

/** Where the time is over already, Node 24 would warn of a negative delay. */
export function inRange(ms: number): number {
  return Math.min(Math.max(1, ms), LONGEST_TIMER);
}
