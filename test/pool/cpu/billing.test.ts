import { capture, createPool, type Pool } from 'offloop';
import { describe, expect, it, onTestFinished } from 'vitest';

import { Bills } from '../../../src/pool/cpu/bills.ts';
import { alsoBurns, blocks, burns, burnsAndEnds, carriedTenant, increments, tenantStore } from '../../fixtures/cpu/burns.js';
import { isCpuKnown } from '../../fixtures/cpu/is-known.js';
import { expectCapacity, poolFor, rejection } from '../helpers.ts';

const byTenant = { store: carriedTenant, key: 'id' };

const asTenant = <R>(id: string, fn: () => R): R => tenantStore.run({ id }, fn);

describe.runIf(isCpuKnown)('the bill of CPU time', () => {
  it('has a sum for each value of a carried store, and `other` for calls without one', async () => {
    const pool = poolFor({ maxThreads: 1, billBy: byTenant });
    await asTenant('heavy', () => pool.run(burns, [60]));
    await asTenant('light', () => pool.run(burns, [20]));
    await asTenant('light', () => pool.run(blocks, [50]));
    await asTenant('failing', () => rejection(pool.run(burnsAndEnds, [30, 'throw'])));
    await pool.run(alsoBurns, [40]);
    const { tasks, billing: { heavy, light, failing, other } = {} } = pool.stats();
    for (const [sum, ms] of [[heavy, 60], [light, 20], [failing, 30], [other, 40]] as const) {
      expect(sum).toBeGreaterThan(ms - 2);
      expect(sum).toBeLessThan(ms + 45);
    }
    expect(heavy! + light! + failing! + other!).toBeCloseTo(Object.values(tasks).reduce((sum, { cpu = 0 }) => sum + cpu, 0), 6);
  });

  it('keeps keys apart that share a message, also where they call one task', async () => {
    const pool = await learned();
    const calls = Array.from({ length: 24 }, (_, i) => asTenant(i % 3 === 0 ? 'heavy' : 'light', () => pool.run(burns, [i % 3 === 0 ? 3 : 0.1])));
    await Promise.all(calls);
    const { heavy, light } = billing(pool);
    expect(heavy).toBeGreaterThan(23);
    expect(light).toBeGreaterThan(1.5);
    expect(light).toBeLessThan(heavy! / 3);
  });

  it('keeps calls apart whose message is sent before the figure of the last one is there', async () => {
    const pool = createPool({ maxThreads: 1, coalesce: false, billBy: byTenant });
    onTestFinished(() => pool.close());
    await pool.run(increments, [1]);
    await Promise.all(Array.from({ length: 40 }, (_, i) => asTenant(i % 2 === 0 ? 'burns' : 'blocks', () => (i % 2 === 0 ? pool.run(burns, [2]) : pool.run(blocks, [2])))));
    expect(billing(pool).burns).toBeGreaterThan(38);
    expect(billing(pool).blocks).toBeLessThan(15);
  });

  it('has the key of a carrier', async () => {
    const pool = poolFor({ maxThreads: 1, billBy: byTenant });
    const context = asTenant('of the carrier', () => capture());
    await asTenant('of the caller', () => pool.run(burns, [10], { context }));
    await asTenant('of the caller', () => pool.run(burns, [10], { context: 'none' }));
    expect(Object.keys(billing(pool)).sort()).toEqual(['of the carrier', 'other']);
  });

  it('has the caller’s key for all items of a map, and that of a function for each', async () => {
    const byStore = poolFor({ maxThreads: 1, billBy: byTenant });
    await asTenant('mapping', () => byStore.map(increments, Array.from({ length: 200 }, (_, i) => i)).toArray());
    expect(Object.keys(billing(byStore))).toEqual(['mapping']);

    const byItem = poolFor({ maxThreads: 1, billBy: ({ name, args: [n] }) => `${name} ${tenantStore.getStore()!.id} ${(n as number) % 2 === 0 ? 'even' : 'odd'}` });
    await asTenant('t', () => byItem.map(increments, [1, 2, 3, 4]).toArray());
    expect(Object.keys(billing(byItem)).sort()).toEqual(['increments t even', 'increments t odd']);
  });

  it('takes any key for a key', async () => {
    const pool = poolFor({ maxThreads: 1, billBy: ({ args: [key] }) => key as string });
    const keys = ['__proto__', 'constructor', 'toString', '', '1'];
    for (const key of keys) await pool.run(increments, [key]);
    // Where the kernel cannot be asked, the figure of the last call may come a moment later.
    await expect.poll(() => Object.keys(billing(pool)).sort()).toEqual([...keys].sort());
    expect(Object.values(billing(pool)).every((ms) => ms > 0)).toBe(true);
  });

  it('has 1,000 keys at most, and the rest as `other`', async () => {
    const pool = poolFor({ maxThreads: 1, billBy: ({ args: [n] }) => `key ${String(n)}` });
    for (let i = 0; i < 1200; i += 100) await Promise.all(Array.from({ length: 100 }, (_, j) => pool.run(increments, [i + j])));
    const { tasks, billing: sums = {} } = pool.stats();
    const keys = Object.keys(sums);
    expect(keys).toHaveLength(1001);
    expect(keys).toContain('other');
    expect(keys).toContain('key 999');
    expect(Object.values(sums).reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(tasks.increments!.cpu!, 6);
  });

  it('is that of worker processes, too', async () => {
    const pool = poolFor({ runtime: 'processes', maxThreads: 1, billBy: byTenant });
    await asTenant('one', () => pool.run(burns, [20]));
    await asTenant('two', () => pool.run(blocks, [20]));
    expect(billing(pool).one).toBeGreaterThan(18);
    expect(billing(pool).two).toBeLessThan(15);
  });
});

it('a pool without `billBy` has no bill, and an inline pool an empty one', async () => {
  expect(poolFor({}).stats()).not.toHaveProperty('billing');
  const pool = poolFor({ runtime: 'inline', billBy: byTenant });
  await asTenant('one', () => pool.run(increments, [1]));
  expect(billing(pool)).toEqual({});
});

it('a call whose key cannot be read is refused, and takes no room', async () => {
  const pool = poolFor({ maxThreads: 1, maxQueue: 1, billBy: ({ args: [n] }) => {
    if (n === 0) throw new Error('no key');
    return 'key';
  } });
  for (let i = 0; i < 3; i++) expect(await rejection(pool.run(increments, [0]))).toMatchObject({ code: 'OFFLOOP_OPTION' });
  expect(await pool.run(increments, [1])).toBe(2);
  await expect(pool.map(increments, [1, 0]).toArray()).rejects.toMatchObject({ code: 'OFFLOOP_OPTION' });
});

it('a key named `other` shares the sum of the rest', () => {
  const bills = new Bills();
  expect(bills.of('other')).toBe(bills.of(undefined));
});

function billing(pool: Pool): Record<string, number> {
  return pool.stats().billing!;
}

/** A pool of one worker that has run the tasks often enough for batches. */
async function learned(): Promise<Pool> {
  const pool = poolFor({ maxThreads: 1, billBy: byTenant });
  await expectCapacity(pool, 1);
  for (let i = 0; i < 10; i++) await pool.run(burns, [1]);
  await asTenant('first', () => pool.run(burns, [1]));
  return pool;
}
