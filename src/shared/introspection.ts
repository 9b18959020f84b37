import { shared } from './shared.ts';

/** The part of a pool's statistics that monitoring systems get. */
export interface PoolMetrics {
  readonly name: string;
  readonly queue: { readonly waiting: number; readonly max: number };
  readonly workers: { readonly busy: number; readonly idle: number; readonly max: number; readonly started: number; readonly crashed: number; readonly replaced: number };
  /** Times in ms. */
  readonly tasks: Readonly<Record<string, { readonly count: number; readonly failed: number; readonly run: { readonly p50: number; readonly p99: number } }>>;
}

interface ObservedPool {
  stats(): PoolMetrics;
}

/** The open pools, iterated like a Set. A pool that was never closed can be garbage-collected all the same. */
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

/** State that the watchdog reads, of parts of offloop that the watchdog does not import and that may not be loaded. */
export const observed = shared('observed', () => ({
  /** The offloop task that runs synchronously on this thread right now, through `task.inline()`. */
  inlineTask: undefined as string | undefined,
  /** The offloop task of the current async context, where a pool runs its tasks on this thread. */
  contextTask: (): string | undefined => undefined,
  /** The open pools of this thread. */
  pools: new OpenPools(),
}));
