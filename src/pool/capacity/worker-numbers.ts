import { clearTimeout, setTimeout } from '../../node/clock.ts';

/** How long a start may wait for a number, in ms: an idle worker ends within a few. */
const MAX_WAIT_MS = 100;

/**
 * The numbers of a pool's workers: the lowest free one from 1 to `maxThreads` + `spareThreads`. Tasks use them for ports, databases and
 * files, so a worker keeps its number until it is gone, also while it is ending. Where all are taken by workers that are ending, a start
 * waits for a moment; a worker that takes longer to end (its end hooks run, or its thread is in native code) must not hold up the pool,
 * and the new worker gets a number above.
 */
export class WorkerNumbers {
  readonly #highest: number;
  readonly #onFree: () => void;
  readonly #taken = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #isWaitOver = false;

  /** @param onFree called after `take()` has returned undefined, when it will return a number */
  constructor(highest: number, onFree: () => void) {
    this.#highest = highest;
    this.#onFree = onFree;
  }

  /** Whether a start waits. */
  get isAwaited(): boolean {
    return this.#timer !== undefined;
  }

  /** @returns undefined where the start has to wait: `onFree` will be called */
  take(): number | undefined {
    let number = 1;
    while (this.#taken.has(number)) number++;
    if (number > this.#highest && !this.#isWaitOver) {
      // The timer keeps the process alive for the calls that wait.
      this.#timer ??= setTimeout(() => {
        this.#isWaitOver = true;
        this.endWait();
      }, MAX_WAIT_MS);
      return undefined;
    }
    this.#taken.add(number);
    return number;
  }

  /** Call this when the worker is gone, or was not started. */
  free(number: number): void {
    this.#taken.delete(number);
    this.#isWaitOver = false;
  }

  /** Call this after a number has become free. */
  endWait(): void {
    if (this.#timer === undefined) return;
    this.stop();
    this.#onFree();
  }

  /** Call this when no call waits any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
