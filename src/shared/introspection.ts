import type { PoolMetrics } from './pool-stats.ts';
import { shared } from './shared.ts';

interface ObservedPool {
  stats(): PoolMetrics;
}

/** Iterates like a Set. A pool that its user forgot to close can be garbage-collected all the same. */
class OpenPools implements Iterable<ObservedPool> {
  readonly #refs = new Set<WeakRef<ObservedPool>>();
  readonly #forgotten = new FinalizationRegistry<WeakRef<ObservedPool>>((ref) => this.#refs.delete(ref));

  add(pool: ObservedPool): void {
    const ref = new WeakRef(pool);
    this.#refs.add(ref);
    this.#forgotten.register(pool, ref);
  }

  delete(pool: ObservedPool): void {
    for (const ref of this.#refs) if (ref.deref() === pool) this.#refs.delete(ref);
  }

  *[Symbol.iterator](): Generator<ObservedPool, void, undefined> {
    for (const ref of this.#refs) {
      const pool = ref.deref();
      if (pool !== undefined) yield pool;
    }
  }
}

/** The facts that the watchdog reads of pools and tasks, without importing their code, which may not be loaded. */
export const observed = shared('observed', () => ({
  /** The offloop task that runs synchronously on this thread right now, through `task.inline()`. */
  inlineTask: undefined as string | undefined,
  /** The offloop task of the current async context, where a pool runs its tasks on this thread. */
  contextTask: (): string | undefined => undefined,
  /** The open pools of this thread. */
  pools: new OpenPools(),
}));
