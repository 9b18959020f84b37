import fc from 'fast-check';
import { createPool, type Pool, type PoolOptions } from 'offloop';
import { describe, expect, it } from 'vitest';

import { allEndings, flat, nesting, plays } from '../fixtures/fuzz/plays.js';
import { stores } from '../fixtures/fuzz/stores.js';

/*
 * Random tasks, one after the other on one worker, that change their contexts in every possible way: no task may see a store of
 * another task. `OFFLOOP_ROOT_MS=60000` plays that long for each way, `OFFLOOP_ROOT_SEED` replays an earlier run.
 */
const { OFFLOOP_ROOT_MS: ms = '400', OFFLOOP_ROOT_SEED: seed } = process.env;

type Program = Parameters<typeof plays>[0];
type Step = Program['steps'][number];

const store = fc.nat(stores.length - 1);

/** Steps with these names only. */
function stepsOf(flatOnes: readonly string[], nestingOnes: readonly string[]): fc.Arbitrary<Step[]> {
  return fc.letrec<{ step: Step; steps: Step[] }>((tie) => ({
    steps: fc.array(tie('step'), { maxLength: 5, depthIdentifier: 'steps' }),
    step: fc.oneof(
      { depthIdentifier: 'steps', depthSize: 'small', withCrossShrink: true },
      { weight: 3, arbitrary: fc.record<Step>({ does: fc.constant('enters'), store, inside: fc.constant([]) }) },
      { weight: 4, arbitrary: fc.record<Step>({ does: fc.constantFrom(...flatOnes), store, inside: fc.constant([]) }) },
      { weight: 5, arbitrary: fc.record<Step>({ does: fc.constantFrom(...nestingOnes), store, inside: tie('steps') }) },
    ),
  })).steps;
}

const programOf = (steps: fc.Arbitrary<Step[]>, endings: readonly string[]): fc.Arbitrary<Omit<Program, 'id'>> => fc.record({
  carries: fc.tuple(fc.boolean(), fc.boolean()),
  steps,
  ends: fc.oneof({ weight: 4, arbitrary: fc.constant('returns') }, { weight: 1, arbitrary: fc.constantFrom(...endings) }),
});

const ages: Omit<Program, 'id'> = { carries: [], steps: [{ does: 'ages', store: 0, inside: [] }], ends: 'returns' };
const waitsOnce: Omit<Program, 'id'> = { ...ages, steps: [{ does: 'awaits a timer', store: 0, inside: [] }] };

const waits = (name: string): boolean => name.startsWith('awaits');
/** Programs without awaits run within one batch. */
const atOnce = programOf(stepsOf(flat.filter((name) => !waits(name)), nesting.filter((name) => !waits(name))), ['returns', 'throws']);
const waiting = programOf(stepsOf(flat, nesting), allEndings);
const programs = fc.oneof(
  { weight: 2, arbitrary: fc.array(atOnce, { minLength: 20, maxLength: 60, size: 'max' }) },
  { weight: 1, arbitrary: fc.array(fc.oneof(atOnce, waiting), { minLength: 5, maxLength: 20 }) },
);

const withoutAtomics = { env: { PISCINA_DISABLE_ATOMICS: '1' } };
const withSpares = { spareThreads: 2, agedAfter: 3, order: 'shortest-expected' } as const;
const ways: PoolOptions[] = [
  { runtime: 'threads', coalesce: { budget: 1000 } },
  { runtime: 'threads', coalesce: { budget: 1000 }, ...withoutAtomics },
  { runtime: 'threads', coalesce: false },
  { runtime: 'threads', coalesce: false, ...withoutAtomics },
  { runtime: 'threads', coalesce: { budget: 1000 }, ...withSpares },
  { runtime: 'threads', coalesce: false, ...withSpares },
  { runtime: 'processes' },
  { runtime: 'inline' },
];

/** How many batches one seed plays. */
const BATCHES = 5;
/** A new worker, whose stores have never been entered, behaves differently from a worker that has run for a while. */
const BATCHES_PER_POOL = 10;

describe.each(ways)('with %o,', (options) => {
  it('no task ever sees a store of another task', async () => {
    const seen = { tasks: 0, messages: 0, spares: 0 };
    const { spareThreads = 0 } = options;
    const mayAge = spareThreads > 0;
    let lastId = 0;
    let pool: Pool | undefined;
    let batches = 0;

    async function playAll(all: Omit<Program, 'id'>[]): Promise<void> {
      pool ??= createPool({ maxThreads: 1, ...options });
      const answers = await Promise.all([...(mayAge ? [ages] : []), ...all].map((one) => call(pool!, { ...one, id: ++lastId })));
      // The next task of each worker sees the leftovers of the last programs.
      const last = await Promise.all((mayAge ? [ages, waitsOnce, waitsOnce, waitsOnce] : [waitsOnce]).map((one) => call(pool!, { ...one, id: ++lastId })));
      expect([...answers, ...last].flat()).toEqual([]);
      if (++batches % BATCHES_PER_POOL === 0) await end();
    }

    function hasSpareRun(): boolean {
      return seen.spares + (pool?.stats().workers.sparesStarted ?? 0) > 0;
    }

    async function end(): Promise<void> {
      const { workers: figures, tasks } = pool!.stats();
      seen.messages += figures.messages;
      seen.tasks += Object.values(tasks).reduce((sum, { count }) => sum + count, 0);
      expect(figures).toMatchObject({ busy: 0, spares: 0, crashed: 0, replaced: 0, started: expect.toBeOneOf(mayAge ? [1, 2, 3] : [1]) });
      seen.spares += figures.sparesStarted;
      await pool!.close();
      pool = undefined;
    }

    try {
      const property = fc.asyncProperty(programs, playAll);
      const until = performance.now() + Number(ms);
      // A failure may depend on earlier programs, so the same program may not fail again by itself.
      const parameters = seed === undefined ? { endOnFailure: true } : { seed: Number(seed) };
      do await fc.assert(property, { numRuns: BATCHES, ...parameters });
      while (performance.now() < until || (mayAge && !hasSpareRun()));
      if (pool !== undefined) await end();
    } finally {
      await pool?.close({ drain: false });
    }
    expect(seen.tasks).toBeGreaterThan(20);
    // The number of messages shows whether the tasks shared messages.
    if (typeof options.coalesce === 'object') expect(seen.messages).toBeLessThan(seen.tasks);
    else expect(seen.messages).toBe(seen.tasks);
  }, 30_000 + Number(ms));
});

/** Wrongly seen stores, in the worker or at its caller. */
async function call(pool: Pool, played: Program): Promise<string[]> {
  const { id, carries } = played;
  const run = (i: number): Promise<string[]> => (i < carries.length ? (carries[i] ? stores[i]!.run({ id }, () => run(i + 1)) : run(i + 1)) : callAndLook());
  return run(0);

  async function callAndLook(): Promise<string[]> {
    const { wrong } = await pool.run(plays, [played]).catch((error: unknown) => {
      if ((error as Error).message !== 'on purpose') throw error;
      return { wrong: [] as string[] };
    });
    const isOwn = stores.every((one, i) => one.getStore()?.id === (carries[i] ? id : undefined));
    return isOwn ? wrong : [...wrong, `the caller of task ${id} has lost its context`];
  }
}
