import { clearTimeout, now } from '../../node/clock.ts';
import { ON_TIME_MS } from '../../node/time-limit.ts';
import { unrefTimer } from '../../node/timers.ts';
import type { PoolWorker } from './pool-worker.ts';

/** Idle ms after which a worker's event loop turns again: far above the gaps between the calls of a busy pool. */
const RESUME_AFTER_MS = 10;

export interface IdleLimits {
  readonly idleTimeout: number;
  /** How many more workers there are than the pool keeps. */
  surplus(): number;
  /** Ends a worker that has been idle for too long; `surplus()` no longer counts the worker. */
  end(worker: PoolWorker): void;
}

/**
 * The idle workers. The worker that became idle last is used first, so that the others reach their idle timeout. One timer of
 * each kind serves all workers: a timer for each worker and task would cost more than many tasks.
 */
export class IdleWorkers {
  /** Sorted: the worker that has been idle longest comes first. */
  readonly #workers: PoolWorker[] = [];
  readonly #limits: IdleLimits;
  /** How many workers, counted from the first, have had their event loop resumed. */
  #resumed = 0;
  #endTimer: NodeJS.Timeout | undefined;
  #resumeTimer: NodeJS.Timeout | undefined;

  constructor(limits: IdleLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#workers.length;
  }

  push(worker: PoolWorker): void {
    worker.becomeIdle();
    this.#workers.push(worker);
    this.#resumeTimer ??= unrefTimer(() => { this.#resumeEventLoops(); }, RESUME_AFTER_MS);
    if (this.#endTimer === undefined && this.#limits.surplus() > 0) this.#endAfter(this.#limits.idleTimeout);
  }

  /**
   * The worker that became idle last.
   * @param lowered whether it is one whose priority is lowered, and stays so: such a worker is for heavy calls
   */
  pop(lowered: boolean): PoolWorker | undefined {
    const at = this.#workers.findLastIndex((worker) => isLowered(worker) === lowered);
    return at < 0 ? undefined : this.#removeAt(at);
  }

  remove(worker: PoolWorker): void {
    const at = this.#workers.indexOf(worker);
    if (at >= 0) this.#removeAt(at);
  }

  stop(): void {
    clearTimeout(this.#endTimer);
    clearTimeout(this.#resumeTimer);
  }

  #removeAt(at: number): PoolWorker | undefined {
    if (at < this.#resumed) this.#resumed--;
    return at === this.#workers.length - 1 ? this.#workers.pop() : this.#workers.splice(at, 1)[0];
  }

  #resumeEventLoops(): void {
    this.#resumeTimer = undefined;
    const since = now() - RESUME_AFTER_MS;
    for (let worker = this.#workers[this.#resumed]; worker !== undefined && worker.idleSince <= since; worker = this.#workers[this.#resumed]) {
      this.#resumed++;
      worker.engine.resumeEventLoop?.();
    }
    if (this.#resumed < this.#workers.length) this.#resumeTimer = unrefTimer(() => { this.#resumeEventLoops(); }, RESUME_AFTER_MS);
  }

  #endAfter(ms: number, isLate = false): void {
    const due = now() + ms;
    this.#endTimer = unrefTimer(() => {
      const late = now() - due;
      // After the machine was asleep, calls that need the workers may be about to arrive.
      if (late > ON_TIME_MS && !isLate) this.#endAfter(Math.min(late, this.#limits.idleTimeout), true);
      else this.#endOldest();
    }, ms);
  }

  #endOldest(): void {
    this.#endTimer = undefined;
    // A timer may fire a little early.
    const since = now() - this.#limits.idleTimeout + 1;
    for (let oldest = this.#firstToEnd(since); oldest !== undefined && this.#limits.surplus() > 0; oldest = this.#firstToEnd(since)) {
      if (oldest.idleSince > since) {
        this.#endAfter(oldest.idleSince - since);
        return;
      }
      this.#limits.end(oldest);
    }
  }

  /** A worker whose priority stays lowered ends first, and the last one whose priority is not lowered outlives it: light calls need that one. */
  #firstToEnd(since: number): PoolWorker | undefined {
    const lowered = this.#workers.find(isLowered);
    if (lowered === undefined) return this.#workers[0];
    const others = this.#workers.filter((worker) => !isLowered(worker));
    return lowered.idleSince <= since || others.length <= 1 ? lowered : others[0];
  }
}

function isLowered({ loweredBy }: PoolWorker): boolean {
  return loweredBy > 0;
}
