import { perfHooks } from './builtins.ts';
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
  /** The same at an instant, and not a fraction of a millisecond before it. */
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

/** Calls back when the instant has come, and never before: timers may fire a fraction of a millisecond early, and know no time beyond 24 days. */
function startAt(clock: Clock, instant: number, fn: () => void): Timer {
  let timer: Timer;
  const arm = (): void => { timer = clock.start(look, clock.timeTo(instant)); };
  const look = (): void => {
    if (clock.timeTo(instant) > 0) arm();
    else fn();
  };
  arm();
  return { cancel: () => { timer.cancel(); } };
}

/** Epoch ms minus `now()`; undefined as long as nobody has asked. */
let offset: number | undefined;

/**
 * Date.now() has no fractions: it only says within which millisecond the offset lies. Where it lies there is known from the start of the
 * process, unless the clock has been set since then, or is a faked one.
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
  startAt: (instant, fn) => startAt(callersClock, instant, fn),
};

function inRange(ms: number): number {
  return Math.min(Math.max(1, ms), LONGEST_TIMER);
}
