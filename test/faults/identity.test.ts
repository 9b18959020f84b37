import { setImmediate as turn } from 'node:timers/promises';

import { createPool, type PoolOptions } from 'offloop';
import { expect, it } from 'vitest';

import { carriedFlat } from '../fixtures/identity/stores.js';
import { Random } from './identity-random.ts';
import { Round, type Sort, type Subject } from './identity-play.ts';

/*
 * Random calls on several pools at a time: each task reports its own call, its stores and its arguments, and the caller compares
 * the report. `OFFLOOP_IDENTITY_CALLS=1000000` makes that many calls, `OFFLOOP_IDENTITY_SEED` repeats an earlier run.
 */
const { OFFLOOP_IDENTITY_CALLS: calls = '50000', OFFLOOP_IDENTITY_SEED: given } = process.env;
const total = Number(calls);
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);

/** A share of all calls, on pools that live side by side. */
interface Way {
  readonly share: number;
  readonly sorts: readonly Sort[];
  readonly pools: readonly PoolOptions[];
}

const withSpares: PoolOptions[] = [
  { maxThreads: 2, spareThreads: 2, agedAfter: 3, fairBy: ({ name, args }) => (args.length === 0 ? undefined : name) },
  { maxThreads: 2, spareThreads: 3, agedAfter: 3, fairBy: { store: carriedFlat, key: 'tag' } },
  { maxThreads: 1, spareThreads: 2, agedAfter: 3, order: 'shortest-expected', maxTasksPerWorker: 500 },
  { maxThreads: 2, spareThreads: 2, agedAfter: 3, order: 'fifo', coalesce: false },
];

const ways: Record<string, Way> = {
  'threads that share messages': { share: 0.82, sorts: ['trivial', 'trivial', 'trivial', 'restless', 'mixed'], pools: [{ maxThreads: 1, coalesce: { budget: 100 } }, { maxThreads: 2 }, { maxThreads: 4, coalesce: { budget: 20 }, maxTasksPerWorker: 5000 }] },
  'threads that do not': { share: 0.04, sorts: ['trivial', 'mixed'], pools: [{ maxThreads: 4, coalesce: false }] },
  'threads that are ended': { share: 0.013, sorts: ['deadly', 'mixed'], pools: [{ maxThreads: 1, coalesce: { budget: 100 } }, { maxThreads: 3 }] },
  'threads with spares': { share: 0.06, sorts: ['aging', 'aging', 'trivial', 'restless', 'mixed', 'deadly'], pools: withSpares },
  'processes': { share: 0.005, sorts: ['trivial', 'mixed', 'deadly'], pools: [{ runtime: 'processes', maxThreads: 2 }] },
  'processes with spares': { share: 0.002, sorts: ['aging', 'mixed', 'deadly'], pools: [{ ...withSpares[2], runtime: 'processes' }] },
  'this thread': { share: 0.06, sorts: ['trivial', 'mixed'], pools: [{ runtime: 'inline', maxThreads: 3 }] },
};

it.each(Object.entries(ways))('a task never runs as another call, and never sees stores or arguments of another call, on %s', async (name, { share, sorts, pools }) => {
  const random = new Random(seed + name.length);
  const subjects = pools.map(subjectFor);
  let last = 0;
  try {
    for (let round = 1; last < total * share || lacksSpares(subjects); round++) {
      const some = random.chance(0.3) ? subjects : [random.pick(subjects)];
      await new Round(random, round, () => ++last).play(some, lacksSpares(subjects) ? 'aging' : random.pick(sorts));
    }
    await untilIdle(subjects);
    for (const { pool } of subjects) expect(pool.stats()).toMatchObject({ queue: { waiting: 0 }, workers: { busy: 0, spares: 0 } });
  } catch (error) {
    (error as Error).message = `OFFLOOP_IDENTITY_SEED=${seed}, ${last} calls in. ${(error as Error).message}`;
    throw error;
  } finally {
    await Promise.all(subjects.map(({ pool }) => pool.close({ drain: false })));
  }
}, 60_000 + total);

/** Whether no spare has run so far on pools that have some. */
function lacksSpares(subjects: readonly Subject[]): boolean {
  return subjects.some(({ spareThreads }) => spareThreads > 0) && subjects.every(({ pool }) => pool.stats().workers.sparesStarted === 0);
}

/** A cancelled task may take some time to stop. */
async function untilIdle(subjects: readonly Subject[]): Promise<void> {
  const isBusy = ({ pool }: Subject): boolean => pool.stats().workers.busy > 0;
  for (const end = performance.now() + 10_000; subjects.some(isBusy) && performance.now() < end;) await turn();
}

function subjectFor(options: PoolOptions, index: number): Subject {
  const { runtime = 'threads', maxThreads, spareThreads = 0 } = options;
  return { pool: createPool({ abortGrace: 5, ...options }), where: `${runtime} ${maxThreads} (pool ${index + 1})`, isInline: runtime === 'inline', spareThreads };
}
