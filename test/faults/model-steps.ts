import fc from 'fast-check';
import type { CallKey, PoolOptions } from 'offloop';

import { tenantStore, type Deed } from '../fixtures/acts.js';
import { isEndless } from './model-answers.ts';

/*
 * Random sequences of the actions that a program may perform on a pool.
 */

/** When a signal aborts: before the call, in the same turn, in the next turn, or this many ms later. */
export type AbortAt = 'before' | 'at once' | 'next turn' | number;

export interface CallStep {
  readonly step: 'call';
  readonly deed: Deed;
  readonly abort?: AbortAt | undefined;
  readonly timeout?: number | undefined;
  /** Ms from now; a negative deadline has already passed. */
  readonly deadline?: number | undefined;
  readonly priority?: number | undefined;
  /** The pool learns the run times of another task, and of arguments of another size, apart. */
  readonly kind?: 'of a heavy task' | 'of more arguments' | undefined;
}

/** Short calls, enough of them to share messages; one signal for all. */
export interface BurstStep {
  readonly step: 'burst';
  readonly count: number;
  readonly culprit: Deed;
  readonly abort?: AbortAt | undefined;
}

export interface MapStep {
  readonly step: 'map';
  readonly deeds: readonly Deed[];
  readonly ordered?: boolean | undefined;
  readonly concurrency?: number | undefined;
  readonly abort?: AbortAt | undefined;
  /** The consumer breaks off after this many results. */
  readonly take?: number | undefined;
}

export type Step =
  | CallStep
  | BurstStep
  | MapStep
  /** Occupies every worker, so that later calls wait, until `release`. */
  | { readonly step: 'hold'; readonly blocks: boolean }
  | { readonly step: 'release' }
  | { readonly step: 'ready' }
  | { readonly step: 'pause'; readonly ms: number }
  | { readonly step: 'settle' }
  | { readonly step: 'close'; readonly drain?: boolean | undefined; readonly timeout?: number | undefined };

const harmless: Deed[] = [
  ...(['returns a number', 'returns an object', 'returns a long text', 'returns a Buffer', 'hands over its result', 'resolves at once'] as const),
  ...(['resolves later', 'calls another task', 'takes its time', 'reports progress'] as const),
];
const failing: Deed[] = ['throws', 'rejects', 'throws null', 'throws a function', 'returns a function', 'returns a getter that throws', 'takes what cannot be cloned'];
const waiting: Deed[] = ['hangs', 'hears that it is to stop'];
/** Deeds that would end or block this thread if they ran here. */
const deadly: Deed[] = ['exits', 'throws from a timer', 'leaves a rejection'];
/** Deeds that use a CPU until their task has aged, and then end as others do. */
const aging = {
  harmless: ['ages', 'ages and waits'],
  failing: ['ages and throws'],
  waiting: ['ages and hangs'],
  deadly: ['ages and exits', 'ages and throws from a timer'],
} satisfies Record<string, Deed[]>;
const blocking: Deed[] = ['spins', 'looks whether it is to stop'];

interface Choice {
  readonly isInline: boolean;
  readonly mayClose: boolean;
  /** Whether tasks age. */
  readonly mayAge: boolean;
}

export function sequences({ isInline, mayClose, mayAge }: Choice): fc.Arbitrary<Step[]> {
  const aged = mayAge ? [...aging.harmless, ...aging.failing, ...(isInline ? [] : aging.deadly)] : [];
  const ending = [...harmless, ...failing, ...(isInline ? [] : deadly), ...aged];
  const deed = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...harmless) },
    { weight: 4, arbitrary: fc.constantFrom(...failing) },
    { weight: 2, arbitrary: fc.constantFrom(...waiting, ...(isInline ? [] : blocking)) },
    ...(isInline ? [] : [{ weight: 2, arbitrary: fc.constantFrom(...deadly) }]),
    ...(mayAge ? [{ weight: 7, arbitrary: fc.constantFrom(...aged, ...aging.waiting) }] : []),
  );
  const close = fc.record({ step: fc.constant('close' as const), drain: fc.boolean(), timeout: fc.integer({ min: 0, max: 20 }) }, { requiredKeys: ['step'] });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 12, arbitrary: call(deed, mayAge) },
    { weight: 5, arbitrary: burst(fc.constantFrom(...ending)) },
    { weight: 2, arbitrary: map(fc.constantFrom(...ending)) },
    { weight: 3, arbitrary: fc.record({ step: fc.constant('hold' as const), blocks: isInline ? fc.constant(false) : fc.boolean() }) },
    { weight: 2, arbitrary: fc.constant<Step>({ step: 'release' }) },
    { weight: 1, arbitrary: fc.constant<Step>({ step: 'ready' }) },
    { weight: 4, arbitrary: fc.record({ step: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 4 }) }) },
    { weight: 1, arbitrary: fc.constant<Step>({ step: 'settle' }) },
    ...(mayClose ? [{ weight: 1, arbitrary: close }] : []),
  );
  return fc.array(step, { minLength: 1, maxLength: 14, size: 'max' });
}

/** Light calls wait behind as many heavy ones as there are workers, until a spare has run. */
export function behindAged(maxThreads: number): Step[] {
  const light: Step[] = Array.from({ length: 5 }, () => ({ step: 'call', deed: 'returns a number' }));
  const heavy: Step[] = Array.from({ length: maxThreads }, () => ({ step: 'call', deed: 'ages until a spare runs', kind: 'of a heavy task' }));
  return [...light, { step: 'settle' }, ...heavy, ...light, { step: 'settle' }];
}

const abort = fc.oneof(fc.constantFrom('before' as const, 'at once' as const, 'next turn' as const), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 15, max: 30 }));

function call(deed: fc.Arbitrary<Deed>, mayAge: boolean): fc.Arbitrary<CallStep> {
  // Enough for a task to age.
  const timeout = fc.integer({ min: 1, max: mayAge ? 60 : 15 });
  const limits = fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.record({ abort }) },
    { weight: 1, arbitrary: fc.record({ timeout }) },
    { weight: 1, arbitrary: fc.record({ deadline: fc.integer({ min: -1, max: mayAge ? 40 : 10 }) }) },
    { weight: 1, arbitrary: fc.record({ abort, timeout, deadline: fc.integer({ min: 1, max: 10 }) }, { requiredKeys: [] }) },
  );
  const priority = fc.option(fc.integer({ min: -1, max: 2 }), { nil: undefined });
  const kind = fc.constantFrom(undefined, 'of a heavy task' as const, 'of more arguments' as const);
  return fc.tuple(deed, limits, priority, kind).map(([what, given, rank, of]): CallStep => {
    const step: CallStep = { step: 'call', deed: what, ...given, ...(rank !== undefined && { priority: rank }), ...(of !== undefined && { kind: of }) };
    return isEndless(what) && Object.keys(given).length === 0 ? { ...step, timeout: mayAge ? 30 : 5 } : step;
  });
}

function burst(culprit: fc.Arbitrary<Deed>): fc.Arbitrary<BurstStep> {
  return fc.record({ step: fc.constant('burst' as const), count: fc.integer({ min: 3, max: 60 }), culprit, abort }, { requiredKeys: ['step', 'count', 'culprit'] });
}

function map(deed: fc.Arbitrary<Deed>): fc.Arbitrary<MapStep> {
  const deeds = fc.oneof(fc.array(fc.constantFrom(...harmless), { maxLength: 12, size: 'max' }), fc.array(deed, { maxLength: 12, size: 'max' }));
  const options = { ordered: fc.boolean(), concurrency: fc.integer({ min: 1, max: 5 }), abort, take: fc.integer({ min: 1, max: 6 }) };
  return fc.record({ step: fc.constant('map' as const), deeds, ...options }, { requiredKeys: ['step', 'deeds'] });
}

const seldom = <T>(value: T, otherwise: T): fc.Arbitrary<T> => fc.oneof({ weight: 1, arbitrary: fc.constant(value) }, { weight: 9, arbitrary: fc.constant(otherwise) });

/** Ways to say by what calls take turns. */
export const keys: readonly CallKey[] = [
  // Items of a map are objects.
  ({ args: [id] }) => (typeof id === 'number' && id % 4 > 0 ? `key ${id % 4}` : undefined),
  { store: tenantStore, key: 'key' },
];

/** Options for all kinds of pools. */
export const lives: fc.Arbitrary<PoolOptions> = fc.record(
  {
    maxThreads: fc.integer({ min: 1, max: 3 }),
    coalesce: fc.oneof(fc.boolean(), fc.constant({ budget: 5 })),
    maxQueue: fc.constantFrom(0, 2, 20),
    maxTasksPerWorker: fc.integer({ min: 5, max: 60 }),
    // With a worker for each task, a sequence takes long.
    maxMemoryBeforeRecycle: seldom(1, 2 ** 30),
    isolate: seldom(true, false),
    abortGrace: fc.constantFrom(0, 5, 30),
    idleTimeout: fc.constantFrom(0, 2, 60_000),
    agedAfter: fc.constantFrom(1, 3, 20),
    spareThreads: fc.integer({ min: 0, max: 3 }),
    order: fc.constantFrom('shortest-expected' as const, 'fifo' as const),
    fairBy: fc.constantFrom(...keys),
  },
  { requiredKeys: ['maxThreads'] },
);
