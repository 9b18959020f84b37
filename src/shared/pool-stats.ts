/** A distribution of times, in ms. */
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
  /** Settled calls that have rejected. */
  readonly failed: number;
  /** Progress values that no listener received: each call keeps the newest 1,000 that wait for its listener. */
  readonly progressDropped: number;
  /**
   * CPU time of its calls in their workers, in ms: the function, and the reading of the arguments and the sending of the result; also of
   * calls that failed, timed out or crashed. The figure may lack the last messages of the workers. With `runtime: 'processes'` it is that
   * of the whole process. Undefined until a worker has told it: with `runtime: 'inline'`, and on systems other than Linux before
   * Node 22.15.
   */
  readonly cpu: number | undefined;
  /** From the call until the worker reached it. */
  readonly wait: Spread;
  /** Time in the task's function. */
  readonly run: Spread;
  /** The cost of the hop itself: cloning, messages, waking up. */
  readonly overhead: Spread;
  /**
   * The function usually runs for less time than the hop costs: call it with `.inline()`, or give it more to do per call. The
   * medians are compared, after 20 runs. Calls in one message share its cost; overhead beyond 0.25 ms does not count as cost,
   * since it is time spent waiting for this busy thread. Never set for a task that has once run for 50 ms, since a pool is
   * meant for such tasks, nor where tasks run inline.
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
    /** `maxThreads`. */
    readonly max: number;
    /** Workers that run beyond `max` at the moment, for short calls while long tasks run: see `spareThreads`. */
    readonly spares: number;
    /** Workers started beyond `max` since the pool was created. */
    readonly sparesStarted: number;
    /** Workers whose thread has a lower priority, because a long task runs there or, where the system lets no priority be raised again, has run there. */
    readonly lowered: number;
    /** Workers started since the pool was created. */
    readonly started: number;
    /** Workers that ended by themselves: an exit, an uncaught exception, out of memory, a signal. */
    readonly crashed: number;
    /**
     * Workers that the pool replaced: after `abortGrace` or `startTimeout`, by `isolate`, `maxTasksPerWorker` or `maxMemoryBeforeRecycle`,
     * after a module that could not be loaded, or after an error of code that a finished task had left running.
     */
    readonly replaced: number;
    /** Messages that calls were sent in: fewer than the calls where short ones shared a message. */
    readonly messages: number;
  };
  /** The CPUs that the process had when the pool was created; the defaults of `maxThreads` and `spareThreads` come from them. */
  readonly cpus: {
    /** How many CPUs the process may run on. */
    readonly available: number;
    /**
     * How many CPUs' worth of time a quota leaves to the process and its neighbours in its control group, such as 0.25 with
     * `docker run --cpus=0.25`. Absent where there is no quota, or none can be read.
     */
    readonly quota?: number;
  };
  /** By task name. Where two modules have a task of the same name, the key of the later one is `name (module)`. */
  readonly tasks: Readonly<Record<string, TaskStats>>;
  /**
   * With `billBy`: CPU time by key, in ms. At most 1,000 keys; calls of further keys, and calls without a key, are summed up as `other`.
   * The object has no prototype.
   */
  readonly billing?: Readonly<Record<string, number>>;
}

/** The part of a pool's statistics that a monitoring system gets. */
export interface PoolMetrics extends Pick<PoolStats, 'name' | 'queue'> {
  readonly workers: Pick<PoolStats['workers'], 'busy' | 'idle' | 'max' | 'started' | 'crashed' | 'replaced'>;
  readonly tasks: Readonly<Record<string, Pick<TaskStats, 'count' | 'failed' | 'cpu'> & { readonly run: Pick<Spread, 'p50' | 'p99'> }>>;
}
