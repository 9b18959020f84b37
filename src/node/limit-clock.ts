import { perfHooks } from './builtins.ts';
import { callersEpoch, clearTimeout, now } from './clock.ts';
import { inRange, unrefTimer } from './timers.ts';

/**
 * The clock of timeouts and deadlines: `realClock` where workers run tasks, and `callersClock`, which a test may have faked, where tasks
 * run on the caller's thread. An instant means something to its own clock only; an instant of `realClock` to all threads and processes
 * of the machine.
 */
export interface Clock {
  /** Monotonic, in ms. */
  now(): number;
  /** The instant of a deadline in epoch ms, by the clock that the user's code sees. */
  instantOf(deadline: number): number;
  /** In ms. */
  timeTo(instant: number): number;
  /** A timer like `unrefTimer`. */
  start(fn: () => void, ms: number): Timer;
  /** A timer for an instant, which never fires a fraction of a millisecond before it. */
  startAt(instant: number, fn: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

export const realClock: Clock = {
  now,
  instantOf: (deadline) => deadline - epochOffset(),
  timeTo: (instant) => instant - now(),
  start(fn, ms) {
    const timer = unrefTimer(fn, ms);
    return { cancel: () => { clearTimeout(timer); } };
  },
  startAt: (instant, fn) => startAt(realClock, instant, fn),
};

/** Epoch ms minus `now()`; undefined until the first use. */
let offset: number | undefined;

/**
 * Date.now() has no fractions: it tells only within which millisecond the offset lies. The place within that millisecond is known from
 * the start of the process, unless the clock has been set since then, or is a faked clock.
 */
function epochOffset(): number {
  const least = callersEpoch() - now();
  offset ??= offsetAtStart();
  offset = Math.min(Math.max(offset, least), least + 1);
  return offset;
}

function offsetAtStart(): number {
  const { performance } = perfHooks();
  return performance.timeOrigin + performance.now() - now();
}

/** The process's clock and timers as they are at each call: a test may have faked them, to let the time of an inline pool pass faster. */
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
  startAt: (instant, fn) => startAt(callersClock, instant, fn),
};

/** Starts its timer again when it fires early: timers may fire a fraction of a millisecond early, and reach no further than 24 days. */
function startAt(clock: Clock, instant: number, fn: () => void): Timer {
  let timer: Timer;
  const arm = (): void => { timer = clock.start(check, clock.timeTo(instant)); };
  const check = (): void => {
    if (clock.timeTo(instant) > 0) arm();
    else fn();
  };
  arm();
  return { cancel: () => { timer.cancel(); } };
}
