import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';

import { stores as declaredStores } from '../context/stores/registry.ts';
import { selectStores } from '../context/stores/selection.ts';
import type { Carried, StoreRecord } from '../context/stores/store-record.ts';
import { moduleUrl, type ModuleRef } from '../context/module-ref.ts';
import { thread } from '../shared/shared.ts';
import { describe } from '../validation/describe.ts';
import { OptionError } from '../errors.ts';
import { checkOptions, oneOf, rules, type Rule } from '../validation/options.ts';
import { ownCopy } from '../node/own-properties.ts';
import { engines, type Engine, type Runtime } from './engines/engines.ts';

export interface PoolOptions {
  /** Workers that are started with the pool's first task and kept. Default 1. */
  minThreads?: number;
  /**
   * The largest number of workers. Default: as many as the machine runs in parallel, at least 2, so that one long task does not
   * hold up the short ones.
   */
  maxThreads?: number;
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

/** The options that become a setting of another name. */
type Renamed = 'runtime' | 'context' | 'coalesce';

/** The pool's options, checked, with defaults, and copied from the caller's object. Every option has its setting: the compiler names a missing one. */
export interface PoolSettings extends Readonly<Record<Exclude<keyof PoolOptions, Renamed>, unknown>> {
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly idleTimeout: number;
  readonly maxQueue: number;
  readonly engine: Engine;
  readonly isolate: boolean;
  readonly stores: () => Iterable<StoreRecord>;
  readonly timeout: number | undefined;
  readonly startTimeout: number;
  readonly abortGrace: number;
  readonly endGrace: number;
  /** Ms of estimated work in one message; 0: each call has its own message. */
  readonly budget: number;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly maxMemoryBeforeRecycle: number | undefined;
  readonly maxTasksPerWorker: number;
  readonly preload: readonly string[];
  readonly execArgv: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly name: string;
}

const MIN_HEAP_MB = 4;

const table: Readonly<Record<keyof PoolOptions, Rule>> = {
  minThreads: rules.positiveInteger,
  maxThreads: rules.positiveInteger,
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

/** @throws OptionError (OFFLOOP_OPTION) */
export function normalizePoolOptions(call: string, options: PoolOptions): PoolSettings {
  const given = checkOptions<PoolOptions>(call, options, table);
  const [minThreads, maxThreads] = threadCounts(call, given);
  // Inside a worker, a pool runs inline: the task is off the event loop already, and workers that start workers would multiply.
  const runtime = thread.isWorker ? 'inline' : (given.runtime ?? 'threads');
  return {
    minThreads,
    maxThreads,
    idleTimeout: given.idleTimeout ?? 10_000,
    maxQueue: given.maxQueue ?? 10_000,
    engine: engines[runtime],
    isolate: given.isolate ?? false,
    stores: storeSelection(call, given.context ?? 'all'),
    timeout: given.timeout,
    startTimeout: given.startTimeout ?? 30_000,
    abortGrace: given.abortGrace ?? 100,
    endGrace: given.endGrace ?? 2000,
    budget: batchBudget(call, given.coalesce ?? true),
    resourceLimits: given.resourceLimits && heapLimits(call, ownCopy(given.resourceLimits)),
    maxMemoryBeforeRecycle: given.maxMemoryBeforeRecycle,
    maxTasksPerWorker: given.isolate === true ? 1 : (given.maxTasksPerWorker ?? Infinity),
    preload: (given.preload ?? []).map((module) => moduleUrl(`${call}, preload`, module)),
    execArgv: given.execArgv && [...given.execArgv],
    env: given.env && ownCopy(given.env),
    name: given.name ?? 'pool',
  };
}

function threadCounts(call: string, { minThreads, maxThreads }: PoolOptions): [min: number, max: number] {
  if (minThreads !== undefined && maxThreads !== undefined && minThreads > maxThreads) {
    throw new OptionError(`${call}: expected \`minThreads\` to be at most \`maxThreads\` (${describe(maxThreads)}), got ${describe(minThreads)}.`);
  }
  const max = maxThreads ?? Math.max(2, availableParallelism(), minThreads ?? 1);
  return [minThreads ?? 1, max];
}

/** With a limit of 2 MB, Node 22 to 26 end the whole process and not only the worker; with 4 MB, no worker starts, but the process goes on. */
function heapLimits(call: string, limits: ResourceLimits): ResourceLimits {
  const { maxOldGenerationSizeMb: heap } = limits;
  if (heap !== undefined && !(typeof heap === 'number' && heap >= MIN_HEAP_MB)) {
    throw new OptionError(`${call}: expected \`resourceLimits.maxOldGenerationSizeMb\` to be at least ${MIN_HEAP_MB} (MB), got ${describe(heap)}: no worker can start with less.`);
  }
  return limits;
}

function batchBudget(call: string, coalesce: NonNullable<PoolOptions['coalesce']>): number {
  if (typeof coalesce === 'boolean') return coalesce ? 1 : 0;
  return checkOptions<typeof coalesce>(`${call}, coalesce`, coalesce, { budget: rules.positiveMs }).budget ?? 1;
}

/** 'all' means all stores at the time of the call: a module that is loaded later may declare more. */
function storeSelection(call: string, context: NonNullable<PoolOptions['context']>): () => Iterable<StoreRecord> {
  if (context === 'all') return () => declaredStores.values();
  if (context === 'none') return () => [];
  const stores = [...selectStores(call, context)];
  return () => stores;
}
