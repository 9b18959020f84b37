import { describe, expect, it } from 'vitest';

import { reportsAndWaits, reportsMany, storms } from '../../fixtures/storms.js';
import { gate, poolFor, rejection, runtimes, workers } from '../helpers.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe.each(workers)('a task on %s that reports without end', (runtime) => {
  it('does not hold up timers or its own abort', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    await pool.run(storms, [false]);
    const controller = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => { if (++ticks === 5) controller.abort(new Error('enough')); }, 5);
    const seen: unknown[] = [];
    expect(await rejection(pool.run(storms, [true], { onProgress: (value) => seen.push(value), signal: controller.signal }))).toMatchObject({ message: 'enough' });
    clearInterval(timer);
    expect(seen).toEqual([...seen].sort((a, b) => Number(a) - Number(b)));
    await pool.close();
  });
});

describe('a task that the pool knows as short', () => {
  it('and that reports without end does not hold up timers, its own abort or other calls', async () => {
    const pool = poolFor({ maxThreads: 1 });
    for (let i = 0; i < 60; i++) await pool.run(storms, [false]);
    const controller = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => { if (++ticks === 5) controller.abort(new Error('enough')); }, 5);
    // The listener takes longer for a value than the task does.
    const onProgress = (): void => { for (const end = performance.now() + 0.02; performance.now() < end;); };
    const calls = [pool.run(storms, [false]), pool.run(storms, [true], { onProgress, signal: controller.signal }), pool.run(storms, [false])];
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    clearInterval(timer);
  });
});

describe('progress values that have not been delivered', () => {
  it.each([['sent by itself', 0], ['that shares a message', 60]])('are kept up to the newest 1,000 of a task %s, and the others are counted', async (_how, warm) => {
    const pool = poolFor({ maxThreads: 1 });
    await pool.run(reportsMany, [0, undefined]);
    for (let i = 0; i < warm; i++) await pool.run(reportsMany, [0, undefined]);
    const latch = new Int32Array(new SharedArrayBuffer(4));
    const seen: unknown[] = [];
    const calls = [pool.run(reportsMany, [5000, latch], { onProgress: (value) => seen.push(value) }), ...upTo(warm).map(() => pool.run(reportsMany, [0, undefined]))];
    // The event loop does not turn until the task has reported everything.
    Atomics.wait(latch, 0, 0);
    await Promise.all(calls);
    expect(seen.slice(-1000)).toEqual(upTo(5000).slice(-1000));
    // The oldest 1,000 values may already be on their way when the loop turns, and the newest may not.
    expect(seen.length).toBeLessThanOrEqual(2000);
    expect(pool.stats().tasks.reportsMany!.progressDropped).toBe(5000 - seen.length);
  });

  it.each(runtimes)('are delivered before the call settles, in order, and the last 1,000 always, on %s', async (runtime) => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const seen: unknown[] = [];
    await pool.run(reportsMany, [5000, undefined], { onProgress: (value) => seen.push(value) });
    expect(seen).toEqual([...seen].sort((a, b) => Number(a) - Number(b)));
    expect(seen.slice(-1000)).toEqual(upTo(5000).slice(-1000));
    expect(seen.length + pool.stats().tasks.reportsMany!.progressDropped).toBe(5000);
    if (runtime === 'inline') expect(seen.length).toBe(5000);
  });

  it.each(runtimes)('are delivered while the task awaits another event, on %s', async (runtime) => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const wait = gate();
    await new Promise<void>((resolve) => {
      const call = pool.run(reportsAndWaits, [20_000, wait.path], { onProgress: (value) => { if (value === 19_999) wait.open(); } });
      void call.then(resolve);
    });
  });

  it('are dropped once the caller has cancelled the call', async () => {
    const pool = poolFor({ maxThreads: 1 });
    const controller = new AbortController();
    const seen: unknown[] = [];
    const onProgress = (value: unknown): void => {
      seen.push(value);
      controller.abort();
    };
    await rejection(pool.run(storms, [true], { onProgress, signal: controller.signal }));
    await pool.close();
    expect(seen).toEqual([0]);
  });
});
