import type { ModuleRef } from '../context/module-ref.ts';
import type { Task } from '../task/offload.ts';
import type { RunOptions } from '../task/options.ts';
import type { PoolStats } from './calls/stats.ts';
import type { MapOptions, MapResult } from './map/map.ts';
import type { PlainTaskOptions, TasksOf } from './module-tasks.ts';

export interface CloseOptions {
  /**
   * Default true: waiting and running calls finish first. False: they reject with PoolClosedError at once. `close()` itself
   * then waits for the workers to end; a thread in native code (`pbkdf2Sync`, `JSON.parse`) ends only when that code returns, a
   * process at once.
   */
  drain?: boolean;
  /** How long draining may take, in ms; then the remaining calls reject with PoolClosedError. Default: no limit. */
  timeout?: number;
}

/** A set of workers, and the queue of calls that wait for them. */
export interface Pool extends AsyncDisposable {
  /** Calls a task on this pool. The carried stores are encoded at once; the arguments are cloned when a worker is free. */
  run<A extends unknown[], R>(task: Task<A, R>, args: A, options?: RunOptions): Promise<R>;
  /**
   * Runs a task on every item: pulls lazily, keeps a bounded number in flight, stops at the first error. The carried stores are
   * encoded at once; if that fails, reading the results rejects with the error.
   */
  map<I, R>(task: Task<[I], R>, items: Iterable<I> | AsyncIterable<I>, options?: MapOptions): MapResult<R>;
  /** Typed calls into a plain module: `pool.tasks<typeof import('./image.js')>(url).resize(buffer)`. */
  tasks<M>(module: ModuleRef, options?: PlainTaskOptions): TasksOf<M>;
  /**
   * Resolves when the queue has room: await this before `run()` where calls come faster than workers complete them. The queue
   * slot stays reserved until the event loop turns.
   */
  ready(): Promise<void>;
  /** Plain data; all times in ms. */
  stats(): PoolStats;
  /** Ends the pool: later calls reject with PoolClosedError (OFFLOOP_POOL_CLOSED). Resolves when all workers have ended. */
  close(options?: CloseOptions): Promise<void>;
}
