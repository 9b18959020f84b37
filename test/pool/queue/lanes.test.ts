import { offload, type Pool, type PoolOptions } from 'offloop';
import { describe, expect, it } from 'vitest';

import { blocksAt } from '../../fixtures/gates.js';
import { mixed } from '../../fixtures/mixed.js';
import { badExpected, labelled } from '../../fixtures/turns.js';
import { laneOf } from '../../../src/pool/learned/learned.ts';
import { isBefore } from '../../../src/pool/queue/lanes.ts';
import { gate, observed, poolFor, rejection, runtimes, workers } from '../helpers.ts';
import { itemOf } from './items.ts';

/** Occupies a worker until it is released. */
async function hold(pool: Pool): Promise<{ release(): void; ended: Promise<unknown> }> {
  const { path, open } = gate();
  const { options, started } = observed({ priority: 100 });
  const ended = pool.run(blocksAt, [path, 0], options);
  ended.catch(() => {});
  await started;
  return { release: open, ended };
}

/** A pool of one worker, which is occupied: calls run one after another, in the order in which they leave the queue. */
async function occupied(options: PoolOptions): Promise<{ pool: Pool; release(): void; ended: Promise<unknown> }> {
  const pool = poolFor({ maxThreads: 1, order: 'shortest-expected', ...options });
  return { pool, ...(await hold(pool)) };
}

/** Notes the labels of the calls in the order of their ends. */
function notes(pool: Pool): { order: unknown[]; call(item: Parameters<typeof labelled>[0], priority?: number): Promise<unknown> } {
  const order: unknown[] = [];
  return { order, call: async (item, priority = 0) => order.push(await pool.run(labelled, [item], { priority })) };
}

const spin = (ms: number): void => { for (const end = performance.now() + ms; performance.now() < end;); };

describe.each(workers)('waiting calls on %s', (runtime) => {
  it.each([
    ['shortest-expected', ['urgent', 'light 1', 'light 2', 'heavy 1', 'heavy 2']],
    ['fifo', ['urgent', 'heavy 1', 'light 1', 'heavy 2', 'light 2']],
  ] as const)('of known run times run in the order %s, larger priorities first', async (order, expected) => {
    const { pool, release } = await occupied({ runtime, order });
    const noted = notes(pool);
    const calls = [['heavy 1', 5000], ['light 1', 1], ['heavy 2', 5000], ['light 2', 1]].map(([label, ms]) => noted.call({ label: label!, ms: ms as number }));
    calls.push(noted.call({ label: 'urgent', ms: 5000 }, 1));
    release();
    await Promise.all(calls);
    expect(noted.order).toEqual(expected);
  });

  it('of one task run in the order that earlier runs have taught, by the size of their arguments', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, order: 'shortest-expected' });
    const [large, small] = ['x'.repeat(60_000), 'x'.repeat(1000)];
    for (let i = 0; i < 3; i++) for (const value of [large, small]) await pool.run(mixed, [{ value, ms: value === large ? 40 : 0 }]);
    const { release } = await hold(pool);
    const order: number[] = [];
    const calls = [large, small, large, small].map(async (value) => { order.push((await pool.run(mixed, [{ value }])).length); });
    release();
    await Promise.all(calls);
    expect(order).toEqual([1000, 1000, 60_000, 60_000]);
  });

  it('are never overtaken by a call that was made later than 4 times their own run time', async () => {
    const { pool, release } = await occupied({ runtime });
    const noted = notes(pool);
    const calls = [noted.call({ label: 'heavy', ms: 2 }), noted.call({ label: 'light in time', ms: 0 })];
    spin(8);
    calls.push(noted.call({ label: 'light too late', ms: 0 }));
    release();
    await Promise.all(calls);
    expect(noted.order.indexOf('heavy')).toBeLessThan(noted.order.indexOf('light too late'));
  });

  it('of a map give their results in the order of the items, and none is starved', async () => {
    const { pool, release } = await occupied({ runtime });
    const items = Array.from({ length: 60 }, (_, label) => ({ label, ms: label % 3 === 0 ? 300 : 0 }));
    const all = (async () => { const results: unknown[] = []; for await (const result of pool.map(labelled, items)) results.push(result); return results; })();
    release();
    expect(await all).toEqual(items.map(({ label }) => label));
  });
});

describe('prefetched calls on threads', () => {
  it('go back for an urgent call that arrives, and keep their places', async () => {
    const pool = poolFor({ maxThreads: 1, order: 'shortest-expected' });
    const noted = notes(pool);
    // Several calls at a time are prefetched when enough is known about them: 4 ms each.
    for (let i = 0; i < 10; i++) await pool.run(labelled, [{ label: '', ms: 4, spins: 4 }]);
    const { release, ended } = await hold(pool);
    const first = gate();
    const calls = Array.from({ length: 32 }, (_, label) => noted.call({ label, ms: 4, ...(label === 0 && { gate: first.path }) }));
    release();
    await ended;
    calls.push(noted.call({ label: 'urgent' }, 1));
    first.open();
    await Promise.all(calls);
    expect(noted.order).toEqual([0, 'urgent', ...Array.from({ length: 31 }, (_, i) => i + 1)]);
  });

  it('are less urgent than a light call that is made within 4 times their run time', () => {
    const heavy = itemOf({ id: 0, lane: laneOf(10), calledAt: 0 });
    const light = (calledAt: number) => itemOf({ id: 1, lane: laneOf(0), calledAt });
    expect([1, 31, 32, 1000].map((at) => isBefore(light(at), heavy))).toEqual([true, true, false, false]);
  });
});

describe('`expected`', () => {
  it.each(Object.keys(badExpected) as (keyof typeof badExpected)[])('refuses its call before it is queued where it %s', async (name) => {
    for (const runtime of runtimes) {
      const pool = poolFor({ runtime });
      const error = await rejection(pool.run(badExpected[name], []));
      expect(error).toMatchObject({ code: 'OFFLOOP_OPTION', message: expect.stringContaining(`'${name}'`) });
      expect(error.message).toMatch(/number of milliseconds/);
      const mapped = await rejection((async () => { for await (const _ of pool.map(badExpected[name], [1])); })());
      expect(mapped).toMatchObject({ code: 'OFFLOOP_OPTION' });
      expect(pool.stats().queue.waiting).toBe(0);
      expect(pool.stats().tasks[name]?.count ?? 0).toBe(0);
    }
  });

  it.each([NaN, Infinity, -1, '5', null, {}, true])('is refused by offload() as %s', (expected) => {
    expect(() => offload(import.meta, function task() {}, { expected: expected as number })).toThrow(/expected `expected` to be a finite number of milliseconds, 0 or more, or a function/);
  });
});
