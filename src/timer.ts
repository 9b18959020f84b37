import { callersEpoch, clearTimeout, now, setTimeout } from './clock.ts';

/** In ms. Node takes 1 ms for what is longer than that. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** A timer of any length that keeps no process alive. Where the time is over already, Node 24 would warn of a negative one. */
export function unrefTimer(fn: () => void, ms: number): NodeJS.Timeout {
  return setTimeout(fn, inRange(ms)).unref();
}

/** What a time limit goes by. An instant means something to its own clock only; one of `realClock` to all threads and processes of the machine. */
export interface Clock {
  /** Monotonic, in ms. */
  now(): number;
  /** The instant of a deadline in epoch ms, which was said by the clock that the user's code sees. */
  instantOf(deadline: number): number;
  /** In ms. */
  timeTo(instant: number): number;
  /** As `unrefTimer`. */
  start(fn: () => void, ms: number): Timer;
}

export interface Timer {
  cancel(): void;
}

export const realClock: Clock = {
  now,
  instantOf: (deadline) => now() + leftUntil(deadline),
  timeTo: (instant) => instant - now(),
  start(fn, ms) {
    const timer = unrefTimer(fn, ms);
    return { cancel: () => { clearTimeout(timer); } };
  },
};

/**
 * Epoch ms have no fractions: of what is left, up to a millisecond may be over already. A task is rather not started than started
 * after its deadline.
 */
function leftUntil(deadline: number): number {
  const left = deadline - callersEpoch();
  return left > 1 ? Math.max(1, left - 1) : left;
}

/** The one of the process as it is at the moment: a test may have faked it, and then says how fast the time of an inline pool goes. */
export const callersClock: Clock = {
  now: () => globalThis.performance.now(),
  instantOf: (deadline) => deadline,
  timeTo: (deadline) => deadline - callersEpoch(),
  start(fn, ms) {
    const { clearTimeout } = globalThis;
    // Not every fake has an `unref`.
    const timer: Partial<Pick<NodeJS.Timeout, 'unref'>> = globalThis.setTimeout(fn, inRange(ms));
    timer.unref?.();
    return { cancel: () => { clearTimeout(timer as NodeJS.Timeout); } };
  },
};

function inRange(ms: number): number {
  return Math.min(Math.max(1, ms), LONGEST_TIMER);
}
