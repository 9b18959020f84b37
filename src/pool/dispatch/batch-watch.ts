import { clearTimeout, now } from '../../node/clock.ts';
import { ON_TIME_MS } from '../../node/time-limit.ts';
import { unrefTimer } from '../../node/timers.ts';
import type { Call } from '../calls/call.ts';
import { isBefore } from '../queue/lanes.ts';
import { readAll } from '../responses/notices.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';

/** How long a worker may send no response to a batch, in ms, until the calls that it has not started go to others. */
const SILENCE_MS = 2;
/** The same limit for a prefetched long task, in multiples of its estimated duration. */
const SILENCE_IN_ESTIMATES = 3;
/** How often the workers are checked where all of them have prefetched calls, in ms. */
const PREFETCH_CHECK_MS = 10;
/**
 * A message of many megabytes takes as long to read as to write, and the first task begins only then: the limit is at least
 * this many times the time of writing.
 */
const READ_FACTOR = 3;

/**
 * Watches the workers that have a batch. A heavy task among light ones must not hold the others up: responses leave the worker
 * one by one, and calls that have not been started are taken back.
 */
export class BatchWatch {
  readonly #workers = new Set<PoolWorker>();
  /** The watched workers that have prefetched calls. */
  readonly #prefetched = new Set<PoolWorker>();
  readonly #onTakenBack: (calls: readonly Call[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #checkEvery = 0;

  /** @param onTakenBack gets calls that have not been started, the last one first */
  constructor(onTakenBack: (calls: readonly Call[]) => void) {
    this.#onTakenBack = onTakenBack;
  }

  /** Call this with a worker that has just been sent a batch. */
  add(worker: PoolWorker): void {
    const { calls, sentAt } = worker.message;
    const limitMs = calls.reduce((most, call) => Math.max(most, SILENCE_IN_ESTIMATES * (call?.learned.mean ?? 0)), SILENCE_MS);
    worker.silence.begin(Math.max(limitMs, READ_FACTOR * (now() - sentAt)));
    this.#workers.add(worker);
    if (limitMs > SILENCE_MS) this.#prefetched.add(worker);
    this.#arm();
  }

  delete(worker: PoolWorker): void {
    this.#workers.delete(worker);
    this.#prefetched.delete(worker);
  }

  /** Takes back all prefetched calls. Call this when another worker has nothing left to do. */
  takeBackPrefetched(): void {
    for (const worker of [...this.#prefetched]) this.takeBack(worker);
  }

  /** Takes prefetched calls back from the workers that have one which is to run after this call. */
  takeBackLessUrgent(urgent: Call): void {
    if (this.#prefetched.size === 0) return;
    for (const worker of [...this.#prefetched]) {
      if (worker.message.calls.some((call) => call !== undefined && isBefore(urgent, call))) this.takeBack(worker);
    }
  }

  /** Takes back all calls that the worker has not started. Only the running call is left then, and needs no watch. */
  takeBack(worker: PoolWorker): void {
    const unstarted = worker.takeBackUnstarted();
    this.delete(worker);
    this.#onTakenBack(unstarted);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    const every = this.#prefetched.size === this.#workers.size ? PREFETCH_CHECK_MS : SILENCE_MS;
    if (this.#timer !== undefined && this.#checkEvery <= every) return;
    clearTimeout(this.#timer);
    this.#checkEvery = every;
    const due = now() + every;
    this.#timer = unrefTimer(() => { this.#check(now() - due); }, every);
  }

  #check(lateMs: number): void {
    this.#timer = undefined;
    if (lateMs > ON_TIME_MS) for (const worker of this.#workers) worker.silence.extend(lateMs);
    for (const worker of [...this.#workers]) {
      // The worker's responses may have arrived already, and only this thread be late to read them.
      readAll(worker);
      if (worker.isGone) this.delete(worker);
      else if (this.#workers.has(worker) && worker.silence.isOver) this.takeBack(worker);
    }
    if (this.#workers.size > 0) this.#arm();
  }
}
