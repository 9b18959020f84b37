import { AsyncLocalStorage } from 'node:async_hooks';

import { capture, createPool, type Pool, type PoolOptions, type RunOptions } from 'offloop';
import { describe, expect, it } from 'vitest';

import { blocksAt } from '../../fixtures/gates.js';
import { carriedPlain, carriedSecret, carriedTenant, labelled, nests, plainStore, secretStore, tenantStore } from '../../fixtures/turns.js';
import { gate, observed, poolFor, rejection, runtimes, workers } from '../helpers.ts';

const byStore = { fairBy: { store: carriedTenant, key: 'tenant' } } satisfies PoolOptions;
const byFunction = { fairBy: ({ args: [item] }) => (item as { tenant?: string } | undefined)?.tenant } satisfies PoolOptions;

const as = <T>(tenant: unknown, fn: () => T): T => tenantStore.run({ tenant }, fn);

/** Occupies the only worker, as a call without a key, and of a larger priority. */
async function occupied(options: PoolOptions): Promise<{ pool: Pool; release(): void }> {
  const pool = poolFor({ maxThreads: 1, ...options });
  await pool.run(labelled, [{ label: 'first' }], { priority: 100 });
  const { path, open } = gate();
  const { options: run, started } = observed({ priority: 100 });
  pool.run(blocksAt, [path, 0], run).catch(() => {});
  await started;
  return { pool, release: open };
}

/** Calls in the order in which they ended. */
function notes(pool: Pool): { order: string[]; call(tenant: unknown, label: string, item?: object, run?: RunOptions): Promise<void> } {
  const order: string[] = [];
  const call = async (tenant: unknown, label: string, item = {}, run?: RunOptions): Promise<void> => {
    await as(tenant, () => pool.run(labelled, [{ label, tenant, ...item } as { label: string }], run));
    order.push(label);
  };
  return { order, call };
}

const flood = (count: number, call: (label: string) => Promise<void>): Promise<void>[] => Array.from({ length: count }, (_, i) => call(`flood ${i}`));

describe.each(workers)('fairBy on %s', (runtime) => {
  it.each([['a store', byStore], ['a function', byFunction]])('by %s: a call waits for one call of another key, and not for its flood of 1,000', async (_what, options) => {
    const { pool, release } = await occupied({ runtime, ...options });
    const { order, call } = notes(pool);
    const calls = [...flood(1000, (label) => call('large', label)), call('small', 'small')];
    release();
    await Promise.all(calls);
    expect(order.indexOf('small')).toBeLessThanOrEqual(1);
    expect(new Set(order).size).toBe(1001);
  });

  it('lets keys take turns within and between messages, with one turn for all calls without a key', async () => {
    const { pool, release } = await occupied({ runtime, ...byStore });
    const { order, call } = notes(pool);
    const tenants = ['__proto__', 'constructor', '', undefined, null];
    const calls = tenants.flatMap((tenant, at) => flood(6, () => call(tenant, String(at))));
    release();
    await Promise.all(calls);
    // Later turns depend on the time that the runs have taken.
    expect(new Set(order.slice(0, 4))).toEqual(new Set(['0', '1', '2', '3']));
  });

  it('corrects what a key was charged: one whose calls take longer than expected waits for the others', async () => {
    const { pool, release } = await occupied({ runtime, ...byStore, coalesce: false });
    const { order, call } = notes(pool);
    const calls = [
      ...flood(3, () => call('slow', 'slow', { ms: 1, spins: 60 })),
      ...flood(10, () => call('quick', 'quick', { ms: 2, spins: 0 })),
    ];
    release();
    await Promise.all(calls);
    expect(order.lastIndexOf('quick')).toBeLessThan(order.indexOf('slow', order.indexOf('slow') + 1) + 1);
  });

  it('puts larger priorities first, whatever their keys had', async () => {
    const { pool, release } = await occupied({ runtime, ...byStore });
    const { order, call } = notes(pool);
    const calls = [call('a', 'later'), call('b', 'later'), ...flood(5, () => call('a', 'first', {}, { priority: 1 }))];
    release();
    await Promise.all(calls);
    expect(order).toEqual([...Array(5).fill('first'), 'later', 'later']);
  });

  it('takes the key of a carrier, and none without context', async () => {
    const { pool, release } = await occupied({ runtime, ...byStore });
    const { order, call } = notes(pool);
    const carrier = as('carried', () => capture());
    const calls = [
      ...flood(200, () => call('large', 'large')),
      ...flood(2, () => call('large', 'carried', {}, { context: carrier })),
      ...flood(2, () => call('large', 'none', {}, { context: 'none' })),
    ];
    release();
    await Promise.all(calls);
    expect(new Set(order.slice(0, 3))).toEqual(new Set(['large', 'carried', 'none']));
  });

  it('serves the items of a map by the key of its caller, or each by its own', async () => {
    for (const options of [byStore, byFunction]) {
      const { pool, release } = await occupied({ runtime, ...options });
      const { order, call } = notes(pool);
      const items = Array.from({ length: 40 }, (_, label) => ({ label, tenant: 'large' }));
      const mapped = as('large', () => pool.map(labelled, items, { concurrency: 40 }));
      const all = (async () => { const results: unknown[] = []; for await (const result of mapped) order.push(String(results.push(result))); return results; })();
      // The map has put its items into the queue.
      await Promise.resolve();
      const small = call('small', 'small', { tenant: 'small' });
      expect(pool.stats().queue.waiting).toBe(41);
      release();
      expect(await all).toEqual(items.map(({ label }) => label));
      await small;
      expect(order.indexOf('small')).toBeLessThanOrEqual(2);
    }
  });

  it('charges a key for a task that was ended with its worker', async () => {
    const { pool, release } = await occupied({ runtime, ...byStore, abortGrace: 20 });
    const { order, call } = notes(pool);
    const endless = rejection(call('ended', 'endless', { spins: 60_000 }, { timeout: 100 }));
    release();
    expect((await endless).code).toBe('OFFLOOP_TIMEOUT');
    const { path, open } = gate();
    const { options: run, started } = observed({ priority: 100 });
    const held = pool.run(blocksAt, [path, 0], run);
    await started;
    const calls = [...flood(3, () => call('ended', 'ended')), ...flood(30, () => call('other', 'other'))];
    open();
    await Promise.all([held, ...calls]);
    expect(order.indexOf('ended')).toBeGreaterThanOrEqual(8);
  });
});

describe('fairBy', () => {
  it('serves more than 1,000 keys, each at its turn', async () => {
    const { pool, release } = await occupied(byFunction);
    const { order, call } = notes(pool);
    const calls = [0, 1].flatMap((round) => Array.from({ length: 2500 }, (_, key) => call(`key ${key}`, `${round}`)));
    release();
    await Promise.all(calls);
    expect(order.indexOf('1')).toBeGreaterThanOrEqual(2400);
  });

  it.each(runtimes)('changes no result and no context, also of nested calls: %s', async (runtime) => {
    const pool = poolFor({ runtime, ...byStore });
    const results = await Promise.all(['a', 'b', undefined].map((tenant) => as(tenant, () => pool.run(nests, [`call of ${tenant}`]))));
    expect(results).toEqual(['a', 'b', undefined].map((tenant) => `call of ${tenant} of ${tenant}`));
  });

  it.each<[string, unknown, PoolOptions, RegExp]>([
    ['a sensitive store', { store: carriedSecret, key: 'tenant' }, {}, /'secret' is `sensitive`.*Carry the key in a store of its own/],
    ['a store that does not travel', { store: carriedTenant, key: 'tenant' }, { context: 'none' }, /'tenant' does not travel.*Add it to the pool's `context`/],
    ['a property that is not picked', { store: carriedTenant, key: 'secret' }, {}, /does not carry `secret`. Add it to the `pick`/],
    ['a store that was not carried', { store: new AsyncLocalStorage(), key: 'tenant' }, {}, /expected `store` to be what carry\(\) returned/],
    ['something that only has the name of a store', { store: { name: 'tenant' }, key: 'tenant' }, {}, /expected `store` to be what carry\(\) returned/],
    ['a copy of what carry() returned', { store: { ...carriedTenant }, key: 'tenant' }, {}, /expected `store` to be what carry\(\) returned/],
    ['no store', { key: 'tenant' }, {}, /what carry\(\) returned.*`store` is missing/],
    ['no key', { store: carriedTenant }, {}, /`key` is missing/],
    ['an empty key', { store: carriedTenant, key: '' }, {}, /expected `key` to be the name of a property/],
    ['a key that is no text', { store: carriedTenant, key: 5 }, {}, /expected `key` to be the name of a property/],
    ['a name that is none', { store: carriedTenant, key: 'tenant', kye: 1 }, {}, /there is no option `kye`/],
    ['a text', 'tenant', {}, /expected `fairBy` to be a function, or `{ store, key }`/],
    ['null', null, {}, /expected `fairBy` to be a function, or `{ store, key }`/],
    ['a list', [carriedTenant, 'tenant'], {}, /expected `fairBy` to be a function, or `{ store, key }`/],
  ])('refuses %s, and says what to do', (_what, fairBy, options, message) => {
    expect(() => createPool({ ...options, fairBy: fairBy as () => string })).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION', message: expect.stringMatching(message) as string }));
  });

  it.each<[string, () => unknown, RegExp]>([
    ['throws', () => { throw new RangeError('no key today'); }, /'labelled' cannot be read: RangeError: no key today\. Let it be a string/],
    ['returns an object', () => ({ token: 'hush' }), /'labelled' to be a string, a number or undefined, got an object/],
    ['returns what a sensitive store holds', () => secretStore.getStore(), /got an object/],
    ['returns NaN', () => NaN, /to be a string, a number or undefined, got NaN\.$/],
    ['returns true', () => true, /got a value of the type `boolean`/],
    ['returns a symbol', () => Symbol('hush'), /got a value of the type `symbol`/],
  ])('refuses a call whose function %s, before it is queued, and shows no value', async (_what, fairBy, message) => {
    for (const runtime of runtimes) {
      const pool = poolFor({ runtime, fairBy: fairBy as () => string });
      const error = await secretStore.run({ token: 'hush' }, () => rejection(pool.run(labelled, [{ label: 'x' }])));
      expect(error).toMatchObject({ code: 'OFFLOOP_OPTION', message: expect.stringMatching(message) });
      expect(error.message).not.toContain('hush');
      expect(pool.stats().queue.waiting).toBe(0);
    }
  });

  it('takes for a store only what carry() returned, as `billBy`, `context` and capture() do', () => {
    for (const store of [{ name: 'tenant' }, { ...carriedTenant }, Object.create(carriedTenant) as object, 'tenant']) {
      for (const call of [() => createPool({ billBy: { store, key: 'tenant' } as never }), () => createPool({ context: [store] as never }), () => capture({ only: [store] as never })]) {
        expect(call).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION', message: expect.stringContaining('what carry() returned') as string }));
      }
    }
    for (const option of ['fairBy', 'billBy']) expect(() => createPool({ [option]: { store: carriedTenant, key: 'tenant' }, context: [carriedTenant] })).not.toThrow();
  });

  it('takes numbers as keys, and none from what every object inherits', async () => {
    const byId = poolFor({ fairBy: { store: carriedTenant, key: 'id' } });
    expect(await Promise.all([5, 5n, '5', undefined].map((id) => tenantStore.run({ id }, () => byId.run(labelled, [{ label: String(id) }]))))).toEqual(['5', '5', '5', 'undefined']);
    const inherited = poolFor({ fairBy: { store: carriedPlain, key: 'toString' } });
    expect(await plainStore.run({}, () => inherited.run(labelled, [{ label: 'plain' }]))).toBe('plain');
  });
});
