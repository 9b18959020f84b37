import type { ResourceLimits } from 'node:worker_threads';

import type { ModuleRef } from '../context/module-ref.ts';
import type { Carried } from '../context/stores/store-record.ts';
import { oneOf, rules, type Rule } from '../validation/options.ts';
import { engines, type Runtime } from './engines/engines.ts';
import { callKeyRule, type CallKey } from './queue/call-key.ts';

export interface PoolOptions {
  /** Workers that are started with the pool's first task and kept. Default 1. */
  minThreads?: number;
  /**
   * The largest number of workers. Default: as many as the process has CPUs, at least 2, so that one long task does not hold up the
   * short ones; where a CPU quota (`docker run --cpus`, a limit in Kubernetes) is smaller, the quota, rounded up.
   */
  maxThreads?: number;
  /**
   * A task that has run for longer than this, and has used a CPU, no longer counts against `maxThreads` while shorter calls wait: see
   * `spareThreads`. In ms, from the task's start in its worker. Default 50.
   */
  agedAfter?: number;
  /**
   * How many workers may be added for calls that are expected to be much shorter than what a long task has used already. They start
   * when they are needed. Default 8; where a CPU quota limits the process, 1; where `maxThreads` is given, 0: none.
   */
  spareThreads?: number;
  /**
   * The order of waiting calls of one priority and key. 'shortest-expected': by the time of the call plus a multiple of the run time
   * that is expected from earlier runs, so that no call is held up for long by a heavy one, and no heavy one forever. 'fifo': first
   * come, first served. Default 'shortest-expected'; with `maxThreads: 1` 'fifo'.
   */
  order?: 'shortest-expected' | 'fifo';
  /** Calls of one priority take turns by this key, each key with an equal share of the workers' time. Default: no turns. */
  fairBy?: CallKey;
  /** CPU time is summed up by this key in `stats().billing`. Default: not summed up. */
  billBy?: CallKey;
  /** How long a worker beyond `minThreads` may idle before it is stopped, in ms. Default 10 000. */
  idleTimeout?: number;
  /** How many calls may wait; a further call rejects with QueueFullError. Default 10 000. */
  maxQueue?: number;
  /**
   * Where tasks run. Default 'threads'. 'processes': in child processes, so that this process survives a native crash. 'inline': on the
   * caller's thread with the same cloning and context rules, for tests.
   */
  runtime?: Runtime;
  /** Whether every task gets a fresh worker. Default false. */
  isolate?: boolean;
  /** Which declared stores travel to the worker. Default 'all'. */
  context?: readonly Carried<unknown>[] | 'all' | 'none';
  /** How long a task may run, in ms, counted from its start in the worker. Default: no limit. */
  timeout?: number;
  /**
   * How long a worker may take to start and to load `preload`, and then to load a task's module, in ms. After that the worker
   * is ended, and the calls that wait for it reject. Default 30 000.
   */
  startTimeout?: number;
  /** How long a cancelled task may take to stop by itself, in ms; then its worker is replaced. Default 100. */
  abortGrace?: number;
  /**
   * How long a worker may spend on its `beforeWorkerEnds()` functions before it ends, in ms; then it ends regardless. 0: they
   * are not called. Default 2000.
   */
  endGrace?: number;
  /**
   * Whether short tasks that wait share a message to a thread. `budget`: ms of estimated work in one message, default 1. A task
   * that turns out to be long does not hold up the others: calls that have not been started are taken back. Default true.
   */
  coalesce?: boolean | { budget?: number };
  /** Limits of each worker thread. For processes, only `maxOldGenerationSizeMb` is used. */
  resourceLimits?: ResourceLimits;
  /** A worker that uses more heap and external memory than this after a task, in bytes, is replaced. */
  maxMemoryBeforeRecycle?: number;
  /** A worker is replaced after this many tasks. */
  maxTasksPerWorker?: number;
  /** Modules that each worker loads before its first task. */
  preload?: readonly ModuleRef[];
  /** Node flags of the workers. Default: the flags of this process. The loader flags of this process are always added. */
  execArgv?: string[];
  /** Environment variables of the workers, added to the environment of this process. */
  env?: Record<string, string>;
  /** Shown in errors and statistics. Default 'pool'. */
  name?: string;
}

/** The rules for `checkOptions()`; a new option is added to its interface above and to this table. */
export const poolTable: Readonly<Record<keyof PoolOptions, Rule>> = {
  minThreads: rules.positiveInteger,
  maxThreads: rules.positiveInteger,
  agedAfter: rules.positiveMs,
  spareThreads: rules.wholeNumber,
  order: oneOf('shortest-expected', 'fifo'),
  fairBy: callKeyRule,
  billBy: callKeyRule,
  idleTimeout: rules.ms,
  maxQueue: rules.wholeNumber,
  runtime: oneOf(...Object.keys(engines)),
  isolate: rules.boolean,
  context: { is: (v) => v === 'all' || v === 'none' || Array.isArray(v), expected: "'all', 'none' or an array of what carry() returned" },
  timeout: rules.positiveMs,
  startTimeout: rules.positiveMs,
  abortGrace: rules.ms,
  endGrace: rules.ms,
  coalesce: { is: (v) => typeof v === 'boolean' || rules.record.is(v), expected: 'a boolean or `{ budget }`' },
  resourceLimits: rules.record,
  maxMemoryBeforeRecycle: rules.positiveInteger,
  maxTasksPerWorker: rules.positiveInteger,
  preload: rules.list,
  execArgv: rules.strings,
  env: { is: (v) => rules.record.is(v) && Object.values(v as object).every((s) => typeof s === 'string'), expected: 'an object of strings' },
  name: rules.name,
};
