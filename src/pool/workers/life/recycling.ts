import { now } from '../../../node/clock.ts';
import type { PoolSettings } from '../../settings.ts';
import type { PoolWorker } from '../pool-worker.ts';

/** How old a worker has to be before it is replaced because a module did not load in it: the first age, and the longest. */
const FIRST_AGE_MS = 100;
const LONGEST_AGE_MS = 30_000;

/** Decides which workers are replaced when they are done with their message. */
export class Recycling {
  readonly #maxTasks: number;
  readonly #maxMemory: number;
  #reloadAgeMs = 0;
  #reloadedAt = -Infinity;

  constructor({ maxTasksPerWorker, maxMemoryBeforeRecycle = Infinity }: PoolSettings) {
    this.#maxTasks = maxTasksPerWorker;
    this.#maxMemory = maxMemoryBeforeRecycle;
  }

  /**
   * @param canReload whether a new worker would load its modules anew
   * @returns whether the worker is to be replaced now
   */
  claimReplacement({ completed, memory, recycleReason, startedAt }: PoolWorker, canReload: boolean): boolean {
    if (completed >= this.#maxTasks || memory > this.#maxMemory) return true;
    return recycleReason === 'module' ? canReload && this.#claimReload(startedAt) : recycleReason !== undefined;
  }

  /**
   * A module that has thrown while it was loaded stays broken in its worker forever, since `import()` keeps the error; the
   * module may load in a new worker. A module that never loads must not cost a worker for each call: the first worker is
   * replaced at once, and each further worker only at twice the age of the one before.
   */
  #claimReload(startedAt: number): boolean {
    const at = now();
    if (at - this.#reloadedAt > 2 * LONGEST_AGE_MS) this.#reloadAgeMs = 0;
    if (at - startedAt < this.#reloadAgeMs) return false;
    this.#reloadAgeMs = Math.min(LONGEST_AGE_MS, Math.max(FIRST_AGE_MS, this.#reloadAgeMs * 2));
    this.#reloadedAt = at;
    return true;
  }
}
