import type { Pool } from 'offloop';
import { describe, expect, it } from 'vitest';

import { takes } from '../../fixtures/faults.js';
import { waitsAt } from '../../fixtures/gates.js';
import { mixed } from '../../fixtures/mixed.js';
import { takesMsAloud } from '../../fixtures/takes-ms.js';
import { heldPool } from '../held-pool.ts';
import { expectCapacity, gate, observed, poolFor, rejection, workers } from '../helpers.ts';

const light = (count: number): { value: number }[] => Array.from({ length: count }, (_, value) => ({ value }));

describe('short tasks that wait', () => {
  it('share messages, and each has its own result', async () => {
    const { pool, release } = await heldPool();
    const before = pool.stats().workers.messages;
    const calls = light(200).map((item) => pool.run(mixed, [item]));
    release();
    expect(await Promise.all(calls)).toEqual(light(200).map(({ value }) => value));
    expect(pool.stats().workers.messages - before).toBeLessThan(100);
    expect(pool.stats().tasks.mixed).toMatchObject({ count: 220, failed: 0 });
  });

  it.each([[{ coalesce: false }], [{ runtime: 'processes' as const }]])('have one message each with %o', async (options) => {
    const { pool, release } = await heldPool(options);
    const before = pool.stats().workers.messages;
    const calls = light(30).map((item) => pool.run(mixed, [item]));
    release();
    await Promise.all(calls);
    expect(pool.stats().workers.messages - before).toBe(30);
  });

  it('are not held up by a long task among them: the tasks behind it run elsewhere', async () => {
    const { pool, release } = await heldPool();
    const blocked = gate();
    const before = light(20).map((item) => pool.run(mixed, [item]));
    const heavy = pool.run(mixed, [{ value: 'heavy', gate: blocked.path }]);
    const after = light(40).map((item) => pool.run(mixed, [item]));
    release();
    expect(await Promise.all([...before, ...after])).toHaveLength(60);
    blocked.open();
    expect(await heavy).toBe('heavy');
    await expectCapacity(pool, 2);
  });

  it('start once each, however often they are taken back', async () => {
    const { pool, release } = await heldPool();
    const marks = new Int32Array(new SharedArrayBuffer(4));
    const gates = [gate(), gate(), gate()];
    const heavy = gates.map(({ path }) => pool.run(mixed, [{ marks, gate: path }]));
    const calls = light(60).map((item) => pool.run(mixed, [{ ...item, marks }]));
    release();
    for (const { open } of gates) open();
    await Promise.all([...heavy, ...calls]);
    expect(Atomics.load(marks, 0)).toBe(63);
  });

  it('of many megabytes are not taken back for ever while their worker reads them and sends no response', async () => {
    const pool = poolFor({ maxThreads: 1 });
    for (let i = 0; i < 20; i++) await pool.run(takes, ['x']);
    const before = pool.stats().workers.messages;
    const texts = Array.from({ length: 6 }, (_, i) => `${'é€'.repeat(2 ** 20)}${i}`);
    expect(await Promise.all(texts.map((text) => pool.run(takes, [text])))).toEqual(texts.map(() => 'string'));
    expect(pool.stats().workers.messages - before).toBeLessThan(20);
  });

  it('that crash fail alone', async () => {
    const { pool, release } = await heldPool();
    const items = light(40).map((item) => (item.value === 7 ? { ...item, exits: 5 } : item));
    const results = Promise.allSettled(items.map((item) => pool.run(mixed, [item])));
    release();
    expect((await results).map((result) => (result.status === 'fulfilled' ? result.value : result.reason.exitCode))).toEqual(
      items.map(({ value }) => (value === 7 ? 5 : value)),
    );
    await expectCapacity(pool, 2);
  });

  it('whose argument or result cannot be cloned fail alone', async () => {
    const { pool, release } = await heldPool();
    const items = [...light(10), { value: () => 1 }, ...light(10), { value: 1, returns: 'function' }, ...light(10)];
    const results = Promise.allSettled(items.map((item) => pool.run(mixed, [item])));
    release();
    const failed = (await results).flatMap((result) => (result.status === 'rejected' ? [result.reason.path] : []));
    expect(failed).toEqual(['args[0].value', 'result']);
    expect(pool.stats().workers).toMatchObject({ crashed: 0, replaced: 0 });
  });

  it('that are aborted in a batch before their turn never start, and cost no worker', async () => {
    const { pool, release } = await heldPool({ maxThreads: 1 });
    const marks = new Int32Array(new SharedArrayBuffer(4));
    const controller = new AbortController();
    const { path, open } = gate();
    const { options, started } = observed();
    const heavy = pool.run(mixed, [{ value: 'heavy', gate: path }], options);
    const doomed = light(20).map((item) => rejection(pool.run(mixed, [{ ...item, marks }], { signal: controller.signal })));
    release();
    await started;
    controller.abort('not wanted');
    expect(new Set(await Promise.all(doomed))).toEqual(new Set(['not wanted']));
    open();
    expect(await heavy).toBe('heavy');
    await pool.run(mixed, [{ value: 1 }]);
    expect(Atomics.load(marks, 0)).toBe(0);
    expect(pool.stats().workers.replaced).toBe(0);
  });

  it('that hang lose their worker after abortGrace, and the others of their batch run', async () => {
    const { pool, release } = await heldPool({ abortGrace: 20 });
    const stuck = rejection(pool.run(mixed, [{ value: 'stuck', gate: gate().path }], { timeout: 50 }));
    const calls = light(40).map((item) => pool.run(mixed, [item]));
    release();
    expect(await Promise.all(calls)).toHaveLength(40);
    expect(await stuck).toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
    await expectCapacity(pool, 2);
    expect(pool.stats().workers.replaced).toBe(1);
  });

  it('that end their worker lose no earlier result of their batch: out of memory', async () => {
    const pool = poolFor({ maxThreads: 1, resourceLimits: { maxOldGenerationSizeMb: 20 } });
    for (let value = 0; value < 20; value++) await pool.run(mixed, [{ value }]);
    const { path, open } = gate();
    const { options, started } = observed();
    const hold = pool.run(waitsAt, [path, 0], options);
    await started;
    const items = light(40).map((item) => (item.value === 20 ? { ...item, eats: true } : item));
    const results = Promise.allSettled(items.map((item) => pool.run(mixed, [item])));
    open();
    await hold;
    expect((await results).map((result) => (result.status === 'fulfilled' ? result.value : result.reason.code))).toEqual(
      items.map(({ value }) => (value === 20 ? 'OFFLOOP_WORKER_OOM' : value)),
    );
  });

  it('do not see the changes of another task to an object that both calls have as an argument', async () => {
    const { pool, release } = await heldPool({ maxThreads: 1 });
    const shared = { seen: 0 };
    const items = [shared, shared, { seen: 0 }, { part: shared, seen: 0 }, [shared], shared];
    const calls = items.map((item) => pool.run(mixed, [{ value: item, counts: true }]));
    release();
    expect(await Promise.all(calls)).toEqual([1, 1, 1, 1, 1, 1].map((seen) => expect.objectContaining({ seen })));
  });

  it('have separate results, though the tasks have returned one object', async () => {
    const { pool, release } = await heldPool({ maxThreads: 1 });
    const calls = light(3).map(() => pool.run(mixed, [{ returns: 'shared' }]));
    release();
    const [one, other, third] = (await Promise.all(calls)) as { n: number }[];
    one!.n = 5;
    expect([one === other, other, third]).toEqual([false, { n: 0 }, { n: 0 }]);
  });

  it('deliver all their progress before their response, however late this thread reads', async () => {
    const { pool, release } = await heldPool({ maxThreads: 1 });
    const marks = new Int32Array(new SharedArrayBuffer(4));
    const { path, open } = gate();
    const { options, seen } = observed();
    // Each of the first two calls makes the pool read responses: the third response, too, once this thread reads it.
    const first = pool.run(mixed, [{ ms: 1 }]).then(() => {
      for (const end = performance.now() + 1000; Atomics.load(marks, 0) < 1 && performance.now() < end;);
    });
    const second = pool.run(mixed, [{ ms: 1 }]);
    const reporting = pool.run(mixed, [{ value: 'reported', reports: true }], options).then((value) => ({ value, seen: [...seen] }));
    const last = pool.run(mixed, [{ marks, gate: path }]);
    release();
    expect(await reporting).toEqual({ value: 'reported', seen: ['reported'] });
    open();
    await Promise.all([first, second, last]);
  });

  it('keep their order and their priorities', async () => {
    const pool = poolFor({ maxThreads: 1 });
    for (let value = 0; value < 20; value++) await pool.run(mixed, [{ value }]);
    const { path, open } = gate();
    const { options, started } = observed();
    const hold = pool.run(waitsAt, [path, 0], options);
    await started;
    const order: number[] = [];
    const calls = light(60).map(async ({ value }) => {
      await pool.run(mixed, [{ value }], { priority: value % 3 });
      order.push(value);
    });
    open();
    await Promise.all([hold, ...calls]);
    expect(order).toEqual([2, 1, 0].flatMap((priority) => light(60).flatMap(({ value }) => (value % 3 === priority ? [value] : []))));
  });
});

describe('long tasks that wait', () => {
  /** A pool that knows how long the tasks take, with one worker held up. */
  async function knowingPool(): Promise<{ pool: Pool; hold: Promise<unknown>; release(): void }> {
    const pool = poolFor({ maxThreads: 1 });
    for (let i = 0; i < 10; i++) await pool.run(takesMsAloud, [4]);
    const { path, open } = gate();
    const { options, started } = observed();
    const hold = pool.run(waitsAt, [path, 0], options);
    await started;
    return { pool, hold, release: open };
  }

  it('are sent to a worker a few at a time, and each settles as soon as it is done', async () => {
    const { pool, hold, release } = await knowingPool();
    const before = pool.stats().workers.messages;
    const order: number[] = [];
    const calls = light(8).map(async ({ value }) => {
      await pool.run(takesMsAloud, [4]);
      order.push(value);
    });
    release();
    await Promise.all([hold, ...calls]);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(pool.stats().workers.messages - before).toBeLessThan(8);
  });

  it('make way for a call of higher priority', async () => {
    const { pool, hold, release } = await knowingPool();
    const order: string[] = [];
    const note = (name: string) => () => { order.push(name); };
    const { options, started } = observed();
    const { path, open } = gate();
    const first = pool.run(takesMsAloud, [4, path], options).then(note('first'));
    const calls = light(6).map(() => pool.run(takesMsAloud, [4]).then(note('other')));
    release();
    await started;
    const urgent = pool.run(takesMsAloud, [4], { priority: 1 }).then(note('urgent'));
    open();
    await Promise.all([hold, first, urgent, ...calls]);
    expect(order.slice(0, 2)).toEqual(['first', 'urgent']);
  });
});

describe.each(workers)('a pool of %s that closes at once', (runtime) => {
  it('rejects the calls of a batch, started or not', async () => {
    const { pool, release } = await heldPool({ runtime, abortGrace: 20 });
    const calls = [pool.run(mixed, [{ value: 'heavy', gate: gate().path }]), ...light(20).map((item) => pool.run(mixed, [item]))].map(rejection);
    release();
    await pool.close({ drain: false });
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: 'OFFLOOP_POOL_CLOSED' });
  });
});
