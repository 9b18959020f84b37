/**
 * `starting`: the worker has not responded yet, whether or not it has been sent a call. `idle`, `busy`: the worker has no
 * message, or has one. `ending`: the pool is ending the worker, and no longer counts it. `ended`: the worker is gone.
 */
export type WorkerState = 'starting' | 'idle' | 'busy' | 'ending' | 'ended';

/**
 * Why a worker is replaced as soon as it is free: a module did not load, code that a finished task had left running has thrown,
 * or the worker started too late.
 */
export type RecycleReason = 'module' | 'leftover' | 'late-start';

export interface PoolWorkerOptions {
  /** Ms after which a task is a heavy one. */
  readonly agedAfter: number;
  /** Ms that a task may take to stop by itself after an abort. */
  readonly abortGrace: number;
  /** Whether workers are replaced after a few tasks, so that calls wait for starts all the time. */
  readonly startsOften: boolean;
  /** Called when a task has not stopped within `abortGrace`. */
  onGraceOver(): void;
}
