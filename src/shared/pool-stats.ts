/** In ms. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface TaskStats {
  /** The `file:` URL of the task's module. */
  readonly module: string;
  /** Calls that have settled. */
  readonly count: number;
  /** How many of these calls rejected. */
  readonly failed: number;
  /** Progress values that no listener got: at most the newest 1,000 values of a task wait for their listener. */
  readonly progressDropped: number;
  /** From the call until its turn. */
  readonly wait: Spread;
  /** In the task's function. */
  readonly run: Spread;
  /** The cost of the hop itself: cloning, messages, waking up. */
  readonly overhead: Spread;
  /**
   * Set where the function usually runs for less time than the hop costs: call it with `.inline()`, or give it more to do per call.
   * The medians are compared after 20 runs. Tasks that travel in one message share its cost; time beyond 0.25 ms is no cost but
   * waiting for this thread, which is busy. Never set for a task that has ever run for 50 ms, since a pool is meant for such tasks,
   * nor where tasks run inline.
   */
  readonly note?: 'too small to offload';
}

export interface PoolStats {
  readonly name: string;
  readonly state: 'running' | 'closing' | 'closed';
  readonly queue: { readonly waiting: number; readonly max: number };
  readonly workers: {
    readonly busy: number;
    readonly idle: number;
    readonly max: number;
    /** Since the pool was created. */
    readonly started: number;
    /** Ended by themselves: an exit, an uncaught exception, out of memory, a signal. */
    readonly crashed: number;
    /** Replaced by the pool: after `abortGrace`, by `isolate`, `maxTasksPerWorker` or `maxMemoryBeforeRecycle`. */
    readonly replaced: number;
    /** The messages that carried the tasks: fewer than tasks where short tasks shared a message. */
    readonly messages: number;
  };
  /** By task name; where two modules have a task of one name, the later one is `name (module)`. */
  readonly tasks: Readonly<Record<string, TaskStats>>;
}

/** The part of a pool's statistics that a monitoring system gets. */
export interface PoolMetrics extends Pick<PoolStats, 'name' | 'queue'> {
  readonly workers: Pick<PoolStats['workers'], 'busy' | 'idle' | 'max' | 'started' | 'crashed' | 'replaced'>;
  readonly tasks: Readonly<Record<string, Pick<TaskStats, 'count' | 'failed'> & { readonly run: Pick<Spread, 'p50' | 'p99'> }>>;
}
