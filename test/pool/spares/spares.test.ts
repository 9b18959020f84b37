import { describe, expect, it } from 'vitest';

import { burnsAt, burnsDeclared, burnsThenIdles, burnsToo, declared, declaredShort, idles, idlesThenBurns, light, spends } from '../../fixtures/burns.js';
import { gate, observed, poolFor, workers } from '../helpers.ts';
import { burn, burningPool, spared, startAll, until, warmPool, within } from './helpers.ts';

describe.each(workers)('on %s', (runtime) => {
  it('light calls end while heavy tasks burn, as many as there are threads, with no option set but the spares', async () => {
    const pool = poolFor({ runtime, spareThreads: 8 });
    const { max } = pool.stats().workers;
    // The workers are cold, and nothing is known of either task.
    const { open, heavy } = await burn(pool, max);
    for (let i = 0; i < 20; i++) expect(await pool.run(light, [i])).toBe(i);
    expect(pool.stats().workers).toMatchObject({ busy: max, sparesStarted: 1, spares: 0 });
    open();
    await heavy;
  });

  it.each([1, 2, 5])('light calls end beside %i heavy ones, and the heavy ones that wait do not start', async (count) => {
    const pool = await warmPool({ runtime });
    const { max } = pool.stats().workers;
    const { open, heavy } = await burn(pool, Math.min(max, count), Math.max(0, count - max));
    expect(await Promise.all([...new Array<undefined>(50)].map((_, i) => pool.run(light, [i])))).toEqual([...new Array<undefined>(50)].map((_, i) => i));
    // Heavy calls of which nothing is known are explored once, and no more.
    expect(pool.stats().workers.spares).toBeLessThanOrEqual(1);
    open();
    await heavy;
    expect(pool.stats().workers.spares).toBe(0);
  });

  it('tasks that are all alike run one after another, and start no spare', async () => {
    const pool = await warmPool({ runtime });
    const { max } = pool.stats().workers;
    await Promise.all(Array.from({ length: max }, () => pool.run(spends, [150])));
    const runs = await Promise.all(Array.from({ length: 3 * max }, () => pool.run(spends, [150])));
    const most = Math.max(...runs.map(([from]) => runs.filter((other) => other[0]! <= from! && from! < other[1]!).length));
    expect(most).toBe(max);
    expect(pool.stats().workers).toMatchObject({ sparesStarted: 0, started: max });
  });
});

describe('a task that waits earns no spare', () => {
  it.each(['a timer', 'a promise', 'Atomics.wait', 'execSync'])('with %s', async (how) => {
    const pool = await warmPool();
    const { path, open } = gate();
    const { done } = await startAll(pool.stats().workers.max, (run) => pool.run(idles, [how, path], run));
    const call = pool.run(light, [1]);
    expect(await within(200, call)).toBe('waits');
    open();
    expect(await call).toBe(1);
    await done;
    expect(pool.stats().workers.sparesStarted).toBe(0);
  });

  it('on threads of the pool itself: inline', async () => {
    const pool = poolFor({ ...spared, runtime: 'inline' });
    const { max } = pool.stats().workers;
    const { path, open } = gate();
    const { done } = await startAll(max, (run) => pool.run(idles, ['a timer', path], run));
    const call = pool.run(light, [1]);
    expect(await within(150, call)).toBe('waits');
    expect(pool.stats().workers).toMatchObject({ busy: max, started: max });
    open();
    expect(await call).toBe(1);
    await done;
  });

  it('in a worker process', async () => {
    const pool = await warmPool({ runtime: 'processes', agedAfter: 50 });
    const { path, open } = gate();
    const { done } = await startAll(pool.stats().workers.max, (run) => pool.run(idles, ['Atomics.wait', path], run));
    const call = pool.run(light, [1]);
    expect(await within(250, call)).toBe('waits');
    open();
    expect(await call).toBe(1);
    await done;
  });

  it('until it begins to use a CPU', async () => {
    const pool = await warmPool();
    const [first, second] = [gate(), gate()];
    const { done } = await startAll(pool.stats().workers.max, (run) => pool.run(idlesThenBurns, [first.path, second.path], run));
    const call = pool.run(light, [1]);
    expect(await within(150, call)).toBe('waits');
    first.open();
    expect(await call).toBe(1);
    expect(pool.stats().workers.sparesStarted).toBe(1);
    second.open();
    await done;
  });

  it('and none once it has gone over to waiting, though nobody has looked meanwhile', async () => {
    const pool = await warmPool();
    const { max } = pool.stats().workers;
    const { path, open } = gate();
    const burning = Array.from({ length: max }, () => observed());
    const all = Promise.all(burning.map(({ options }) => pool.run(burnsThenIdles, [150, path], options)));
    // A call has waited while the tasks used a CPU, and has been given a spare.
    expect(await pool.run(light, [1])).toBe(1);
    await Promise.all(burning.map(({ started }) => started));
    // By then they have waited for longer than they have used a CPU.
    await within(300, all);
    const call = pool.run(light, [2]);
    expect(await within(100, call)).toBe('waits');
    open();
    expect(await call).toBe(2);
    await all;
  });
});

describe('a call of which nothing is known', () => {
  it('gets one spare for each task and size, and no second one while the first one runs', async () => {
    const { pool, open } = await burningPool();
    const explore = gate();
    const [one, two, large] = [observed(), observed(), observed()];
    const calls = [pool.run(burnsToo, [explore.path], one.options), pool.run(burnsToo, [explore.path], two.options)];
    await one.started;
    expect(await within(150, two.started.then(() => 'started'))).toBe('waits');
    calls.push(pool.run(burnsToo, [explore.path, 'x'.repeat(10_000)], large.options));
    await large.started;
    expect(pool.stats().workers.spares).toBe(2);
    explore.open();
    await Promise.all(calls);
    open();
  });

  it('whose first run was heavy gets none', async () => {
    const pool = await warmPool();
    const { path, open: end } = gate();
    const first = pool.run(burnsToo, [path]);
    await within(200, first);
    end();
    await first;
    const { open } = await burn(pool, pool.stats().workers.max);
    const again = gate();
    const second = observed();
    const call = pool.run(burnsToo, [again.path], second.options);
    await pool.run(light, [1]);
    expect(await within(100, second.started.then(() => 'started'))).toBe('waits');
    again.open();
    open();
    await call;
  });

  it('and whose first run was heavy is known as light after some light runs', async () => {
    const pool = await warmPool();
    const { path, open: end } = gate();
    const first = pool.run(burnsToo, [path]);
    await within(200, first);
    end();
    await first;
    for (let i = 0; i < 6; i++) await pool.run(burnsToo, [path]);
    const { open, heavy } = await burn(pool, pool.stats().workers.max);
    await pool.run(burnsToo, [path]);
    open();
    await heavy;
  });

  it('does not get the only spare; a call that is learned or declared to be short does', async () => {
    const { pool, open, heavy } = await burningPool({ spareThreads: 1 });
    const { path } = gate();
    const unknown = observed();
    const call = pool.run(burnsToo, [path], unknown.options);
    call.catch(() => {});
    expect(await within(150, unknown.started.then(() => 'started'))).toBe('waits');
    expect(await pool.run(declaredShort, [])).toBe('short');
    expect(await pool.run(light, [1])).toBe(1);
    expect(pool.stats().workers).toMatchObject({ sparesStarted: 1 });
    open();
    await heavy;
  });

  it('does not get the last one of several, whatever it is declared to take; a call that is learned to be short does', async () => {
    const { pool, open, heavy } = await burningPool({ spareThreads: 2 });
    const { path, open: end } = gate();
    const exploring = observed();
    const explored = pool.run(burnsToo, [path], exploring.options);
    await exploring.started;
    expect(await within(100, pool.run(declaredShort, []))).toBe('waits');
    expect(await pool.run(light, [1])).toBe(1);
    open();
    end();
    await Promise.all([heavy, explored]);
  });
});

describe('`expected` tells a cold pool', () => {
  it('that a call is short: it gets a spare', async () => {
    const pool = poolFor(spared);
    const { open, heavy } = await burn(pool, pool.stats().workers.max);
    expect(await pool.run(declaredShort, [])).toBe('short');
    expect(await pool.run(declared, [1])).toBe(1);
    open();
    await heavy;
  });

  it('that a call is heavy: it waits, while a light call of the same task does not', async () => {
    const pool = poolFor(spared);
    const { open, heavy } = await burn(pool, pool.stats().workers.max, 0, burnsAt);
    const { path, open: end } = gate();
    const declaredHeavy = observed();
    const waiting = [pool.run(burnsDeclared, [path], declaredHeavy.options), pool.run(declared, [100_000])];
    expect(await pool.run(declared, [1])).toBe(1);
    expect(await within(100, declaredHeavy.started.then(() => 'started'))).toBe('waits');
    expect(await within(1, waiting[1]!)).toBe('waits');
    end();
    open();
    await Promise.all([heavy, ...waiting]);
  });
});

it('a spare takes a call only once a task has used twice what the call is expected to take', async () => {
  const pool = await warmPool();
  for (let i = 0; i < 3; i++) await pool.run(spends, [100]);
  const { open, heavy } = await burn(pool, pool.stats().workers.max);
  const call = pool.run(spends, [100]);
  // The tasks that burn are the older, the more CPU time they have used.
  await until(() => pool.stats().workers.spares === 1);
  await call;
  open();
  await heavy;
});
