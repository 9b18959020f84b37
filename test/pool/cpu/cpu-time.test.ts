import type { Pool } from 'offloop';
import { describe, expect, it } from 'vitest';

import { alsoBurns, awaits, blocks, burns, burnsAndEnds, increments, kernelFigure, leavesBurning } from '../../fixtures/cpu/burns.js';
import { isCpuKnown, isLinux } from '../../fixtures/cpu/is-known.js';
import { expectCapacity, observed, poolFor, rejection, workers } from '../helpers.ts';

const cpuOf = (pool: Pool, task: string): number | undefined => pool.stats().tasks[task]?.cpu;

describe.runIf(isCpuKnown).each(workers)('the CPU time in the statistics of %s', (runtime) => {
  it('is that of a task that computes, and not of a task that blocks or awaits', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    for (let i = 0; i < 2; i++) for (const task of [burns, blocks, awaits]) await pool.run(task, [200]);
    expect(cpuOf(pool, 'burns')).toBeGreaterThan(390);
    expect(cpuOf(pool, 'burns')).toBeLessThan(600);
    expect(cpuOf(pool, 'blocks')).toBeLessThan(100);
    expect(cpuOf(pool, 'awaits')).toBeLessThan(100);
  });

  it('is there at once for a call that took long, and for one that has failed', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    await pool.run(burns, [50]);
    expect(cpuOf(pool, 'burns')).toBeGreaterThan(45);
    await rejection(pool.run(burnsAndEnds, [50, 'throw']));
    expect(cpuOf(pool, 'burnsAndEnds')).toBeGreaterThan(45);
  });

  it('has the run of a task that ends its worker', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    for (const [nth, how] of ['exit', 'uncaught'].entries()) {
      await rejection(pool.run(burnsAndEnds, [100, how]));
      expect(cpuOf(pool, 'burnsAndEnds')).toBeGreaterThan(95 * (nth + 1));
    }
  });

  it.runIf(isLinux)('has the run that the pool ends, by an abort or by a timeout', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, abortGrace: 10 });
    await pool.run(increments, [1]);
    const controller = new AbortController();
    const { options, started } = observed({ signal: controller.signal });
    const ended = rejection(pool.run(burnsAndEnds, [100, 'loop'], options));
    await started;
    controller.abort();
    await ended;
    // A process tells its figure in steps of 10 ms.
    await expect.poll(() => cpuOf(pool, 'burnsAndEnds')).toBeGreaterThan(85);
    const before = cpuOf(pool, 'burnsAndEnds')!;
    expect(await rejection(pool.run(burnsAndEnds, [0, 'loop'], { timeout: 400 }))).toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
    await expect.poll(() => cpuOf(pool, 'burnsAndEnds')! - before).toBeGreaterThan(10);
    expect(cpuOf(pool, 'increments')).toBeLessThan(80);
  });
});

describe.runIf(isCpuKnown)('the CPU time of threads', () => {
  it('is divided in a batch by what each task has used, and not by the clock', async () => {
    const pool = await learned();
    const { messages } = pool.stats().workers;
    const before = figures(pool);
    await inOneGo(() => Array.from({ length: 8 }, () => [pool.run(burns, [3]), pool.run(blocks, [3]), pool.run(alsoBurns, [1])]).flat());
    expect(pool.stats().workers.messages - messages).toBeLessThan(24);
    const after = figures(pool);
    expect(after.burns! - before.burns!).toBeGreaterThan(23);
    expect(after.blocks! - before.blocks!).toBeLessThan(6);
    expect(after.alsoBurns! - before.alsoBurns!).toBeGreaterThan(7);
    expect(after.alsoBurns! - before.alsoBurns!).toBeLessThan(after.burns! - before.burns!);
  });

  it('is divided among tasks that are too short to be measured', async () => {
    const pool = await learned();
    const before = figures(pool);
    await inOneGo(() => Array.from({ length: 2000 }, (_, i) => [pool.run(increments, [i]), pool.run(burns, [0.02])]).flat());
    const after = figures(pool);
    expect(after.burns! - before.burns!).toBeGreaterThan(35);
    expect(after.increments! - before.increments!).toBeGreaterThan(0);
    expect(after.increments! - before.increments!).toBeLessThan(after.burns! - before.burns!);
  });

  it('leaves out what a finished task has left running', async () => {
    const pool = poolFor({ maxThreads: 1 });
    const marks = new Int32Array(new SharedArrayBuffer(4));
    await pool.run(leavesBurning, [100, 50, marks]);
    const { value } = Atomics.waitAsync(marks, 0, 0);
    await value;
    for (let i = 0; i < 10; i++) await pool.run(increments, [i]);
    expect(cpuOf(pool, 'increments')).toBeLessThan(50);
  });

  it.runIf(isLinux)('is in sum what the kernel says of the thread', async () => {
    const pool = poolFor({ maxThreads: 1 });
    const first = await pool.run(kernelFigure, []);
    for (let round = 0; round < 3; round++) {
      await inOneGo(() => Array.from({ length: 1000 }, (_, i) => pool.run(increments, [i])));
      await inOneGo(() => Array.from({ length: 20 }, () => [pool.run(burns, [2]), pool.run(blocks, [1]), pool.run(alsoBurns, [0.1])]).flat());
      for (let i = 0; i < 200; i++) await pool.run(increments, [i]);
    }
    const before = sum(pool) - cpuOf(pool, 'kernelFigure')!;
    const last = await pool.run(kernelFigure, []);
    expect(before / (last - first)).toBeGreaterThan(0.95);
    expect(before / (last - first)).toBeLessThan(1.05);
  });
});

it('the CPU time of an inline pool is not known', async () => {
  const pool = poolFor({ runtime: 'inline' });
  await pool.run(burns, [5]);
  expect(pool.stats().tasks.burns).toHaveProperty('cpu', undefined);
});

/** A pool of one worker that has run each task often enough for batches. */
async function learned(): Promise<Pool> {
  const pool = poolFor({ maxThreads: 1 });
  await expectCapacity(pool, 1);
  for (let i = 0; i < 10; i++) for (const run of [() => pool.run(burns, [1]), () => pool.run(blocks, [1]), () => pool.run(alsoBurns, [1]), () => pool.run(increments, [i])]) await run();
  return pool;
}

async function inOneGo(start: () => Promise<unknown>[]): Promise<void> {
  await Promise.all(start());
}

function figures(pool: Pool): Record<string, number | undefined> {
  return Object.fromEntries(Object.entries(pool.stats().tasks).map(([task, { cpu }]) => [task, cpu]));
}

function sum(pool: Pool): number {
  return Object.values(pool.stats().tasks).reduce((total, { cpu = 0 }) => total + cpu, 0);
}
