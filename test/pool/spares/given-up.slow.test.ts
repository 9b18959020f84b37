import { describe, expect, it } from 'vitest';

import { burnsAt, burnsThenExits, burnsToo, idles, light, spends } from '../../fixtures/burns.js';
import { spinsUntilAborted } from '../../fixtures/spins.js';
import { gate, observed, poolFor, rejection, workers } from '../helpers.ts';
import { burn, burningPool, startAll, until, warmPool, within } from './helpers.ts';

describe.each([...workers, 'inline'] as const)('a run on %s that is given up', (runtime) => {
  it.each(runtime === 'inline' ? ['abort'] : ['abort', 'timeout', 'deadline', 'crash'])('by %s tells that such calls are heavy', async (how) => {
    const pool = poolFor({ runtime, maxThreads: 1, order: 'shortest-expected', spareThreads: 0, abortGrace: 0 });
    for (let i = 0; i < 3; i++) await pool.run(light, [i]);
    const never = gate();
    const controller = new AbortController();
    const options = { abort: { signal: controller.signal }, timeout: { timeout: 150 }, deadline: { deadline: Date.now() + 400 }, crash: {} }[how]!;
    const on = observed(options);
    const call = rejection(how === 'crash' ? pool.run(burnsThenExits, [never.path], on.options) : pool.run(idles, [runtime === 'inline' ? 'a timer' : 'Atomics.wait', never.path], on.options));
    await on.started;
    await within(150, call);
    if (how === 'abort') controller.abort();
    if (how === 'crash') never.open();
    await call;
    // The next one waits behind a light call that was made later.
    const hold = gate();
    const holding = await startAll(1, (run) => pool.run(idles, ['a timer', hold.path], run));
    const open = gate();
    open.open();
    const order: string[] = [];
    const heavy = how === 'crash' ? pool.run(burnsThenExits, [open.path]) : pool.run(idles, ['a timer', open.path]);
    const calls = [heavy.catch(() => {}).then(() => order.push('heavy')), pool.run(light, [1]).then(() => order.push('light'))];
    hold.open();
    await holding.done;
    await Promise.all(calls);
    expect(order).toEqual(['light', 'heavy']);
  });
});

it('a run that is given up early does not make a call of which nothing is known a light one', async () => {
  const pool = await warmPool({ spareThreads: 1 });
  const controller = new AbortController();
  const cuts: Promise<unknown>[] = [];
  // The first task does not stop, and the second stops by itself: its worker tells how long it took.
  for (const call of [(run: object) => pool.run(idles, ['a timer', gate().path], run), (run: object) => pool.run(spinsUntilAborted, [], run)]) {
    const on = observed({ signal: controller.signal });
    const cut = rejection(call(on.options));
    await on.started;
    await new Promise((resolve) => { setImmediate(resolve); });
    cuts.push(cut);
  }
  controller.abort();
  await Promise.all(cuts);
  await until(() => pool.stats().workers.busy === 0);
  // The last spare takes only calls that are learned to be short.
  const { open, heavy } = await burn(pool, pool.stats().workers.max);
  const path = gate();
  path.open();
  const call = pool.run(idles, ['a timer', path.path]);
  const second = observed({ signal: AbortSignal.timeout(1500) });
  pool.run(spinsUntilAborted, [], second.options).catch(() => {});
  await pool.run(light, [1]);
  expect(await within(100, Promise.race([call, second.started]))).toBe('waits');
  open();
  await heavy;
});

describe('the timeout of a task on a thread', () => {
  it('that waited says so, and how long it had a CPU', async () => {
    const pool = await warmPool({ maxThreads: 1 });
    const error = await rejection(pool.run(idles, ['Atomics.wait', gate().path], { timeout: 120 }));
    expect(error).toMatchObject({ code: 'OFFLOOP_TIMEOUT', cpuMs: expect.any(Number) });
    expect(error.cpuMs).toBeLessThan(60);
    expect(error.message).toMatch(/ran longer than its timeout of 120 ms \(of which it had a CPU for \d+ ms: otherwise it waited for something, or for a CPU\)\./);
  });

  it.runIf(process.platform === 'linux')('that has stepped back for light calls says that its thread has a lower priority', async () => {
    const { pool, open, heavy } = await burningPool({ maxThreads: 3, spareThreads: 8 });
    open();
    await heavy;
    const never = gate();
    const late = Array.from({ length: 3 }, () => rejection(pool.run(burnsAt, [never.path, 1], { timeout: 600 })));
    let isOver = false;
    const lights = Promise.all(Array.from({ length: 8 }, async () => { while (!isOver) await pool.run(spends, [3]); }));
    const errors = await Promise.all(late);
    isOver = true;
    await lights;
    for (const error of errors) {
      expect(error.cpuMs).toBeLessThanOrEqual(600);
      if (error.cpuMs < 300) expect(error.message).toMatch(/\(of which it had a CPU for \d+ ms: its thread has a lower priority while shorter tasks run\)/);
    }
  });

  it('that had a CPU all the time gives the CPU time alone', async () => {
    const pool = await warmPool({ maxThreads: 1 });
    const error = await rejection(pool.run(burnsToo, [gate().path], { timeout: 80 }));
    if (error.cpuMs >= 40) expect(error.message).toMatch(/ran longer than its timeout of 80 ms\./);
  });
});
