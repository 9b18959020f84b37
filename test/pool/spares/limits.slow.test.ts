import { createPool, type PoolOptions } from 'offloop';
import { describe, expect, it } from 'vitest';

import { burnsAt, burnsThenExits, burnsToo, declared, idles, light, spends } from '../../fixtures/burns.js';
import { gate, observed, rejection, workers } from '../helpers.ts';
import { burn, burningPool, spared, startAll, until, warmPool, within } from './helpers.ts';

/** Without `spareThreads`. */
const explicit = (options: PoolOptions): PoolOptions => Object.assign({}, options, { spareThreads: undefined });

describe('an explicit `maxThreads` is a hard limit', () => {
  it.each([1, 2, 3])('of %i: no spare starts for light calls, and they run when a heavy one ends', async (maxThreads) => {
    const { pool, open, heavy } = await burningPool(explicit({ maxThreads }));
    const calls = Promise.all(Array.from({ length: 10 }, (_, i) => pool.run(light, [i])));
    expect(await within(120, calls)).toBe('waits');
    expect(pool.stats().workers).toMatchObject({ max: maxThreads, busy: maxThreads, spares: 0, started: maxThreads });
    open();
    await Promise.all([heavy, calls]);
    expect(pool.stats().workers).toMatchObject({ sparesStarted: 0, started: maxThreads });
  });

  it('`spareThreads` beside it: up to both of them run at a time, and no more', async () => {
    const pool = await warmPool({ maxThreads: 2, spareThreads: 2 });
    const first = await burn(pool, 2);
    // Calls that were taken for light ones, and burn: each takes the place of a spare.
    const { path, open } = gate();
    const wrong = Array.from({ length: 3 }, () => observed());
    const calls = wrong.map(({ options }, i) => pool.run(burnsAt, [path, 'x'.repeat(4 ** (3 * i + 1))], options));
    await wrong[0]!.started;
    // The last spare takes none of which nothing is known.
    expect(await within(150, wrong[1]!.started.then(() => 'started'))).toBe('waits');
    expect(await pool.run(light, [1])).toBe(1);
    expect(pool.stats().workers).toMatchObject({ started: 4, sparesStarted: 2, spares: 1 });
    open();
    first.open();
    await Promise.all([first.heavy, ...calls]);
  });
});

describe('the order', () => {
  it.each([
    [{ maxThreads: 1 }, [5000, 1]],
    [{ maxThreads: 1, order: 'shortest-expected' as const }, [1, 5000]],
    [{ maxThreads: 2 }, [1, 5000]],
    [{ maxThreads: 2, order: 'fifo' as const }, [5000, 1]],
  ])('with %j: calls that are expected to take 5000 ms and 1 ms begin in the order %j', async (options, order) => {
    const pool = await warmPool(explicit(options));
    // All threads but one are held up: one after another, the calls go to that one.
    const others = await burn(pool, options.maxThreads - 1);
    const { open, heavy } = await burn(pool, 1);
    const ended: number[] = [];
    const calls = [5000, 1].map(async (ms) => { ended.push(await pool.run(declared, [ms]) as number); });
    open();
    await Promise.all([heavy, ...calls]);
    expect(ended).toEqual(order);
    others.open();
    await others.heavy;
  });
});

it('a task ages after `agedAfter`: with a long one, no spare comes', async () => {
  const { pool, open, heavy } = await burningPool({ agedAfter: 100_000 });
  const call = pool.run(light, [1]);
  expect(await within(200, call)).toBe('waits');
  open();
  await Promise.all([heavy, call]);
  expect(pool.stats().workers.sparesStarted).toBe(0);
});

describe.each(workers)('spares on %s', (runtime) => {
  it('obey `isolate`: each call has a fresh worker, and the counts stay right', async () => {
    const { pool, open, heavy } = await burningPool({ runtime, isolate: true });
    const { max } = pool.stats().workers;
    for (let i = 0; i < 3; i++) await pool.run(light, [i]);
    expect(pool.stats().workers).toMatchObject({ busy: max, spares: 0, sparesStarted: 3 });
    open();
    await heavy;
    await until(() => pool.stats().workers.busy === 0);
    expect(pool.stats().workers).toMatchObject({ spares: 0, lowered: 0, crashed: 0 });
  });

  it('obey `maxTasksPerWorker`', async () => {
    const { pool, open, heavy } = await burningPool({ runtime, maxTasksPerWorker: 4, coalesce: false });
    for (let i = 0; i < 9; i++) await pool.run(light, [i]);
    expect(pool.stats().workers).toMatchObject({ spares: 0, sparesStarted: 3 });
    open();
    await heavy;
  });

  it('end with the pool, while they run and while they idle', async () => {
    const { pool, heavy } = await burningPool({ runtime, abortGrace: 0 });
    await pool.run(light, [1]);
    const { path } = gate();
    const on = observed();
    const explored = pool.run(burnsAt, [path, 'x'.repeat(1000)], on.options);
    await on.started;
    const outcomes = Promise.all([heavy, explored].map(rejection));
    await pool.close({ drain: false });
    expect(await outcomes).toMatchObject([{ code: 'OFFLOOP_POOL_CLOSED' }, { code: 'OFFLOOP_POOL_CLOSED' }]);
    expect(pool.stats().workers).toMatchObject({ busy: 0, idle: 0, spares: 0, lowered: 0 });
  });

  it('take waiting calls while the pool drains', async () => {
    const { pool, open, heavy } = await burningPool({ runtime });
    const calls = Promise.all([1, 2, 3].map((i) => pool.run(light, [i])));
    const closed = pool.close();
    expect(await calls).toEqual([1, 2, 3]);
    open();
    await Promise.all([heavy, closed]);
    expect(pool.stats().workers).toMatchObject({ busy: 0, idle: 0, spares: 0 });
  });

  it('end when they have idled for too long, and `minThreads` stay', async () => {
    const { pool, open, heavy } = await burningPool({ runtime, idleTimeout: 50 });
    await pool.run(light, [1]);
    expect(pool.stats().workers.sparesStarted).toBe(1);
    // The heavy tasks run on.
    await until(() => pool.stats().workers.idle === 0);
    expect(pool.stats().workers.busy).toBe(pool.stats().workers.max);
    open();
    await heavy;
    await until(() => pool.stats().workers.idle === 1);
    expect(pool.stats().workers).toMatchObject({ busy: 0, spares: 0, crashed: 0, replaced: 0 });
  });

  it('are counted rightly when tasks on them, and aged ones, crash, time out and are aborted', async () => {
    const pool = await warmPool({ runtime, maxThreads: 3, spareThreads: 8, abortGrace: 10 });
    const exit = gate();
    const controller = new AbortController();
    const never = gate();
    const settled = Promise.allSettled([
      pool.run(burnsThenExits, [exit.path]),
      pool.run(burnsAt, [never.path, 1], { signal: controller.signal }),
      pool.run(burnsAt, [never.path, 2], { timeout: 250 }),
    ]);
    expect(await pool.run(light, [1])).toBe(1);
    // The same on spares.
    const [crash, abort, late] = [observed(), observed({ signal: controller.signal }), observed({ timeout: 250 })];
    const onSpares = Promise.allSettled([
      pool.run(burnsThenExits, ['x'.repeat(500)].map(() => exit.path) as [string], crash.options),
      pool.run(burnsAt, [never.path, 'x'.repeat(100)], abort.options),
      pool.run(burnsAt, [never.path, 'x'.repeat(1000)], late.options),
    ]);
    await Promise.all([abort.started, late.started]);
    exit.open();
    controller.abort(new Error('given up'));
    const outcomes = [...(await settled), ...(await onSpares)].map((one) => ((one as PromiseRejectedResult).reason as { code?: string; message: string }).code ?? 'aborted');
    expect(outcomes.sort()).toEqual(['OFFLOOP_TIMEOUT', 'OFFLOOP_TIMEOUT', 'OFFLOOP_WORKER_CRASHED', 'OFFLOOP_WORKER_CRASHED', 'aborted', 'aborted']);
    await until(() => pool.stats().workers.busy === 0);
    expect(pool.stats().workers).toMatchObject({ spares: 0, lowered: 0, crashed: 2, replaced: 4 });
    // No place is lost.
    const { open, heavy } = await burn(pool, 3);
    expect(await pool.run(light, [2])).toBe(2);
    expect(pool.stats().workers).toMatchObject({ busy: 3, spares: 0 });
    open();
    await heavy;
  });
});

it('spares obey `resourceLimits`', async () => {
  const { pool, open, heavy } = await burningPool({ resourceLimits: { maxOldGenerationSizeMb: 24 } });
  expect(await pool.run(light, [1])).toBe(1);
  expect(pool.stats().workers.sparesStarted).toBe(1);
  open();
  await heavy;
});

describe('heavy calls', () => {
  it('are not starved by a steady stream of light ones, and the other way round', async () => {
    const pool = await warmPool({ maxThreads: 2, spareThreads: 0 });
    for (let i = 0; i < 3; i++) await pool.run(spends, [80]);
    let isOver = false;
    const stream = Promise.all(Array.from({ length: 16 }, async () => {
      let count = 0;
      while (!isOver) {
        await pool.run(light, [count]);
        count++;
      }
      return count;
    }));
    await Promise.all([1, 2, 3, 4].map(() => pool.run(spends, [80])));
    isOver = true;
    for (const count of await stream) expect(count).toBeGreaterThan(10);
  });

  it('leave one place to light calls while these wait, where there are two places and no spares', async () => {
    const pool = await warmPool({ maxThreads: 2, spareThreads: 0, coalesce: false });
    const hold = gate();
    for (let i = 0; i < 3; i++) await pool.run(spends, [80]);
    const holding = await startAll(2, (run) => pool.run(burnsAt, [hold.path, 1], run));
    const order: string[] = [];
    const heavy = [1, 2].map(() => pool.run(spends, [80]).then(() => order.push('heavy')));
    const lights = Array.from({ length: 20 }, (_, i) => pool.run(light, [i]).then(() => order.push('light')));
    hold.open();
    await Promise.all([holding.done, ...heavy, ...lights]);
    expect(order.slice(0, 20)).toEqual(new Array(20).fill('light'));
  });

  it.each([0, 1])('that are older than light ones leave one place to these while they wait, with %i spares', async (spareThreads) => {
    const pool = await warmPool({ maxThreads: 2, spareThreads, coalesce: false });
    const learn = gate();
    const learning = pool.run(burnsToo, [learn.path]);
    await within(80, learning);
    learn.open();
    await learning;
    const hold = gate();
    const holding = await startAll(2, (run) => pool.run(idles, ['a timer', hold.path], run));
    const end = gate();
    const each = [observed(), observed()];
    const heavy = each.map(({ options }) => pool.run(burnsToo, [end.path], options));
    // Light calls that are made later than this do not overtake them by their order alone.
    await within(700, Promise.all(heavy));
    const lights = Array.from({ length: 200 }, (_, i) => pool.run(light, [i]));
    hold.open();
    await lights[100];
    // The second one starts when no light call waits any more. The first light call may be with a spare that is still starting.
    expect(each.filter(({ seen }) => seen.length > 0).length).toBeLessThan(2);
    end.open();
    await Promise.all([holding.done, ...heavy, ...lights]);
  });
});

it('a pool whose heavy tasks have aged keeps no process alive, and closes', async () => {
  const pool = createPool(spared);
  const { open, heavy } = await burn(pool, pool.stats().workers.max);
  await pool.run(light, [1]);
  open();
  await heavy;
  await pool.close();
  expect(pool.stats()).toMatchObject({ state: 'closed', workers: { busy: 0, idle: 0, spares: 0 } });
});
