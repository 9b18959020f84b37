import { now, setImmediate } from './clock.ts';
import { realClock, type Clock, type Timer } from './limit-clock.ts';
import { LONGEST_TIMER } from './timers.ts';

/** A timer that is later than this, in ms, was held up: something blocked this thread, or the process was stopped. */
export const ON_TIME_MS = 20;

/** How often a limit is checked before its end, so that a stop of the process is noticed when it is over, and not only at the end. */
const CHECKS = 10;
const MIN_CHECK_MS = 20;

/** How old the last reading of the process's CPU time may be, in ms. */
const FRESH_MS = 25;

export interface TimeLimit extends Timer {
  /** Ms that do not count. */
  readonly excused: number;
}

/**
 * Calls back when something that others do (a worker, a task, the event loop) has taken longer than it may. Time in which the whole
 * process was stopped (SIGSTOP, a sleep of the machine) does not count. Where this thread was late, messages that have arrived
 * meanwhile are read first, and the limit is extended, once, by the delay.
 */
export function timeLimit(clock: Clock, ms: number, onOver: () => void): TimeLimit {
  if (clock === realClock) return new RealLimit(ms, onOver);
  // A faked clock is never late.
  return { excused: 0, ...clock.start(onOver, ms) };
}

/** A process's response comes in two turns: through its pipe, and then through a port of tinypool's. */
const TURNS = 3;

/** Lets the event loop turn a few times before it calls back, so that messages that have arrived meanwhile are read. */
export function afterReading(fn: () => void, turns = TURNS): void {
  if (turns === 0) fn();
  else setImmediate(afterReading, fn, turns - 1);
}

class RealLimit implements TimeLimit {
  excused = 0;
  readonly #limit: number;
  readonly #onOver: () => void;
  readonly #startedAt = now();
  readonly #step: number;
  #mayExtend = true;
  #dueAt = 0;
  #timer: Timer | undefined;

  constructor(ms: number, onOver: () => void) {
    this.#limit = ms;
    this.#onOver = onOver;
    this.#step = Math.max(MIN_CHECK_MS, ms / CHECKS);
    cpu.refresh(this.#startedAt);
    this.#arm(ms, this.#startedAt);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(left: number, instant: number): void {
    const wait = Math.min(Math.max(1, left), this.#step, LONGEST_TIMER);
    this.#dueAt = instant + wait;
    this.#timer = realClock.start(() => { this.#check(); }, wait);
  }

  #check(): void {
    const instant = now();
    const late = instant - this.#dueAt;
    const isLate = late > ON_TIME_MS;
    if (isLate && cpu.wasIdle(late)) this.excused += late;
    cpu.refresh(instant);
    let left = this.#left(instant);
    if (left <= 0 && isLate && this.#mayExtend) {
      this.#mayExtend = false;
      this.excused += late;
      left = this.#left(instant);
    }
    if (left > 0) this.#arm(left, instant);
    else this.#end();
  }

  #left(instant: number): number {
    return this.#limit + this.excused - (instant - this.#startedAt);
  }

  #end(): void {
    const timer = this.#timer;
    afterReading(() => { if (this.#timer === timer && timer !== undefined) this.#onOver(); });
  }
}

const { cpuUsage } = process;

/** Tells a process that was stopped from a process with a busy thread: all threads of a stopped process together have used no CPU. */
const cpu = {
  at: -Infinity,
  used: 0,

  refresh(instant: number): void {
    if (instant - this.at < FRESH_MS) return;
    this.at = instant;
    this.used = cpuMs();
  },

  /** Whether the process used hardly any CPU in the last `ms`. */
  wasIdle(ms: number): boolean {
    return cpuMs() - this.used < ms / 2;
  },
};

function cpuMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}
