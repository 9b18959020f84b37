import type { ResourceLimits } from 'node:worker_threads';

import { stores as declaredStores } from '../context/stores/registry.ts';
import { selectStores } from '../context/stores/selection.ts';
import type { StoreRecord } from '../context/stores/store-record.ts';
import { moduleUrl } from '../context/module-ref.ts';
import { thread } from '../shared/shared.ts';
import { describe } from '../validation/describe.ts';
import { OptionError } from '../errors.ts';
import { checkOptions, rules } from '../validation/options.ts';
import { readCpus, type Cpus } from '../node/cpus/cpus.ts';
import { ownCopy } from '../node/own-properties.ts';
import { engines, type Engine } from './engines/engines.ts';
import { poolTable, type PoolOptions } from './options.ts';
import { keyReader, type KeyReader } from './queue/call-key.ts';
import { threadCounts } from './thread-counts.ts';

/** The options that become a setting of another name. */
type Renamed = 'runtime' | 'context' | 'coalesce' | 'order';

/** The pool's options, checked, with defaults, and copied from the caller's object. Every option has its setting: the compiler names a missing one. */
export interface PoolSettings extends Readonly<Record<Exclude<keyof PoolOptions, Renamed>, unknown>> {
  /** As the pool found them when it was created. */
  readonly cpus: Cpus;
  readonly minThreads: number;
  readonly maxThreads: number;
  /** Whether fewer threads than `maxThreads` may run where they do not get the CPU. */
  readonly mayShrink: boolean;
  readonly agedAfter: number;
  readonly spareThreads: number;
  /** Whether calls wait in the order of their expected run times, and not first come, first served. */
  readonly isShortestFirst: boolean;
  readonly fairBy: KeyReader | undefined;
  readonly billBy: KeyReader | undefined;
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

/** @throws OptionError (OFFLOOP_OPTION) */
export function normalizePoolOptions(call: string, options: PoolOptions): PoolSettings {
  const given = checkOptions<PoolOptions>(call, options, poolTable);
  const cpus = readCpus();
  const { minThreads, maxThreads, spareThreads } = threadCounts(call, given, cpus);
  const stores = storeSelection(call, given.context ?? 'all');
  // Inside a worker, a pool runs inline: the task is off the event loop already, and workers that start workers would multiply.
  const runtime = thread.isWorker ? 'inline' : (given.runtime ?? 'threads');
  return {
    cpus,
    minThreads,
    maxThreads,
    spareThreads,
    mayShrink: given.maxThreads === undefined && runtime === 'threads',
    agedAfter: given.agedAfter ?? 50,
    isShortestFirst: (given.order ?? (given.maxThreads === 1 ? 'fifo' : 'shortest-expected')) === 'shortest-expected',
    fairBy: given.fairBy && keyReader(`${call}, fairBy`, given.fairBy, stores),
    billBy: given.billBy && keyReader(`${call}, billBy`, given.billBy, stores),
    idleTimeout: given.idleTimeout ?? 10_000,
    maxQueue: given.maxQueue ?? 10_000,
    engine: engines[runtime],
    isolate: given.isolate ?? false,
    stores,
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
