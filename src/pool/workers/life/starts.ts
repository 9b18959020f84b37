import { clearTimeout, now, setTimeout } from '../../../node/clock.ts';
import type { OffloopError } from '../../../errors.ts';

/** How many starts in a row may fail until the waiting calls are refused. */
const MAX_FAILURES = 3;
const FIRST_PAUSE_MS = 100;
/** After that, one start is tried after each break: each break is twice as long as the one before. */
const FIRST_BREAK_MS = 1000;
const LONGEST_BREAK_MS = 30_000;
/** Limits while the machine has no room for another worker: the longest pause, and how many pauses calls wait for where no worker is ready. */
const LONGEST_PAUSE_MS = 1000;
const MAX_SHORTAGES = 10;

/**
 * Keeps workers that die before they are ready from being started over and over: pauses first, then a circuit breaker.
 * Workers that were started together and fail together count once.
 */
export class Starts {
  readonly #onPauseOver: () => void;
  #failures = 0;
  #shortages = 0;
  /** How many workers were started since the pool had none. */
  #startedTogether = 0;
  #failedAt = -Infinity;
  #notBefore = -Infinity;
  #reason: (() => OffloopError) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onPauseOver called when a pause is over for which calls may be waiting */
  constructor(onPauseOver: () => void) {
    this.#onPauseOver = onPauseOver;
  }

  /** @param hasNoWorkers whether there is no worker: then the pause for a shortage of room does not apply */
  mayStart(hasNoWorkers: boolean): boolean {
    const isPausing = (this.#failures > 0 || this.#shortages > 0) && now() < this.#notBefore;
    return !isPausing || (hasNoWorkers && this.#failures === 0);
  }

  /** Why no worker will start for now; undefined where calls should wait. */
  get refusal(): (() => OffloopError) | undefined {
    return this.#failures >= MAX_FAILURES && !this.mayStart(false) ? this.#reason : undefined;
  }

  /** Call this when a worker is about to be started. */
  begin(hasNoWorkers: boolean): void {
    this.#startedTogether = hasNoWorkers ? 1 : this.#startedTogether + 1;
  }

  recordSuccess(): void {
    this.#failures = this.#shortages = 0;
    this.stop();
  }

  /**
   * Call this when the machine has no room for another worker: the existing workers do the work, and the next start is tried
   * after a pause. Where there is no worker, the next worker is started alone, since workers that start together may have taken
   * the room from each other.
   * @returns false where waiting is of no use: the calls are to be refused, and the shortage is not recorded
   */
  recordShortage(hasNoWorkers: boolean): boolean {
    if (hasNoWorkers && (this.#startedTogether <= 1 || this.#shortages >= MAX_SHORTAGES)) return false;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#shortages);
    this.#shortages++;
    this.#pauseFor(pause);
    this.#timer = setTimeout(this.#onPauseOver, pause + 1);
    return true;
  }

  /** @param startedAt when the failed worker was started, an instant of `now()` */
  recordFailure(startedAt: number, reason: () => OffloopError): void {
    if (startedAt >= this.#failedAt) this.#count(this.#failures + 1, reason);
  }

  /** Refuses calls at once and starts no worker for a while: further tries would fail as well. */
  giveUp(reason: () => OffloopError): void {
    this.#count(Math.max(MAX_FAILURES, this.#failures + 1), reason);
  }

  /** Call this when no call waits any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #count(failures: number, reason: () => OffloopError): void {
    this.#failures = failures;
    this.#failedAt = now();
    this.#reason = reason;
    const pause = failures < MAX_FAILURES ? FIRST_PAUSE_MS * 2 ** (failures - 1) : Math.min(LONGEST_BREAK_MS, FIRST_BREAK_MS * 2 ** (failures - MAX_FAILURES));
    this.#pauseFor(pause);
    // The timer keeps the process alive for calls that wait; after the last try no call waits.
    if (failures < MAX_FAILURES) this.#timer = setTimeout(this.#onPauseOver, pause + 1);
  }

  #pauseFor(ms: number): void {
    this.#notBefore = now() + ms;
    this.stop();
  }
}
