import { clearTimeout, now, setTimeout } from '../../node/clock.ts';
import type { OffloopError } from '../../errors.ts';

/** So many starts in a row may fail before those who wait are told. */
const TRIES = 3;
const FIRST_PAUSE_MS = 100;
/** After that one start is tried now and then: the pause is doubled each time. */
const FIRST_BREAK_MS = 1000;
const LONGEST_BREAK_MS = 30_000;
/** The longest pause while the machine has no room for another worker, and how often that is waited for where no worker is ready. */
const LONGEST_PAUSE_MS = 1000;
const LONGEST_SHORTAGE = 10;

/**
 * Keeps workers that die before they are ready from being started over and over: pauses, and then a circuit breaker.
 * Those that were started together and fail together count once.
 */
export class Starts {
  readonly #onMayStart: () => void;
  #failures = 0;
  #shortages = 0;
  #failedAt = -Infinity;
  #notBefore = -Infinity;
  #reason: (() => OffloopError) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onMayStart called when a pause is over that somebody may be waiting for */
  constructor(onMayStart: () => void) {
    this.#onMayStart = onMayStart;
  }

  get mayStart(): boolean {
    return (this.#failures === 0 && this.#shortages === 0) || now() >= this.#notBefore;
  }

  /** Only the machine had no room for one, so that whoever has no other worker need not wait. */
  get isShortOnly(): boolean {
    return this.#failures === 0;
  }

  /** Why none will start for now; undefined where it is worth waiting. */
  get refusal(): (() => OffloopError) | undefined {
    return this.#failures >= TRIES && !this.mayStart ? this.#reason : undefined;
  }

  get isWorthWaiting(): boolean {
    return this.#shortages < LONGEST_SHORTAGE;
  }

  recordSuccess(): void {
    this.#failures = this.#shortages = 0;
    this.stop();
  }

  /** The machine has no room for another one: others live, or end, and the next start is tried after a pause. */
  pauseForShortage(): void {
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#shortages);
    this.#shortages++;
    this.#pauseFor(pause);
    this.#timer = setTimeout(this.#onMayStart, pause + 1);
  }

  /** @param startedAt when the one was started that has failed */
  recordFailure(startedAt: number, reason: () => OffloopError): void {
    if (startedAt >= this.#failedAt) this.#count(this.#failures + 1, reason);
  }

  /** There is no point in trying three times. */
  giveUp(reason: () => OffloopError): void {
    this.#count(Math.max(TRIES, this.#failures + 1), reason);
  }

  /** Nobody is waiting any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #count(failures: number, reason: () => OffloopError): void {
    this.#failures = failures;
    this.#failedAt = now();
    this.#reason = reason;
    const pause = failures < TRIES ? FIRST_PAUSE_MS * 2 ** (failures - 1) : Math.min(LONGEST_BREAK_MS, FIRST_BREAK_MS * 2 ** (failures - TRIES));
    this.#pauseFor(pause);
    // Calls that wait keep the process alive; after giving up nobody does.
    if (failures < TRIES) this.#timer = setTimeout(this.#onMayStart, pause + 1);
  }

  #pauseFor(ms: number): void {
    this.#notBefore = now() + ms;
    this.stop();
  }
}

/**
 * A module that has thrown while it was loaded stays broken in its worker for ever (`import()` remembers), and may work in a
 * new one. One that is broken for good must not cost a worker for each call: so the first one goes at once, and the next
 * ones when they are old enough.
 */
export class Reloads {
  #age = 0;
  #lastAt = -Infinity;

  /** @param startedAt of the worker that could not load a module */
  claim(startedAt: number): boolean {
    const instant = now();
    if (instant - this.#lastAt > 2 * LONGEST_BREAK_MS) this.#age = 0;
    if (instant - startedAt < this.#age) return false;
    this.#age = Math.min(LONGEST_BREAK_MS, Math.max(FIRST_PAUSE_MS, this.#age * 2));
    this.#lastAt = instant;
    return true;
  }
}
