import type { Pool, PoolOptions } from 'offloop';
import { describe, expect, it } from 'vitest';

import { burnsAt, burnsToo, light } from '../../fixtures/burns.js';
import { gate, observed, poolFor, rejection } from '../helpers.ts';
import { burn, spared, warmPool } from './helpers.ts';

const MANY = 150;

/** All threads burn, and many more such calls wait. */
async function crowd(pool: Pool, call: (i: number, path: string, options: object) => Promise<unknown>): Promise<{ open(): void; ended: Promise<unknown> }> {
  const { path, open } = gate();
  const running = Array.from({ length: pool.stats().workers.max }, () => observed());
  const calls = Array.from({ length: MANY }, (_, i) => call(i, path, running[i]?.options ?? {}));
  await Promise.all(running.map(({ started }) => started));
  return { open, ended: Promise.all(calls) };
}

describe('a light call has a spare soon, however many heavy ones wait', () => {
  const options: PoolOptions = { ...spared, maxThreads: 2 };

  it('where nothing is known of either', async () => {
    const pool = poolFor(options);
    const { open, ended } = await crowd(pool, (_i, path, run) => pool.run(burnsToo, [path], run));
    expect(await pool.run(light, [1])).toBe(1);
    open();
    await ended;
  });

  it.each([
    ['each with a key of its own', { fairBy: ({ args }: { args: readonly unknown[] }) => `key ${String(args[1])}` }, () => 0],
    ['each with a priority of its own', {}, (i: number) => -i],
    ['first come, first served', { order: 'fifo' as const }, () => 0],
  ])('%s', async (_name, more, priorityOf) => {
    const pool = await warmPool({ ...options, ...more });
    const { open, ended } = await crowd(pool, (i, path, run) => pool.run(burnsAt, [path, i], { ...run, priority: priorityOf(i) }));
    expect(await pool.run(light, [1], { priority: priorityOf(MANY) })).toBe(1);
    open();
    await ended;
  });
});

describe('a call that has found out nothing about its kind leaves the spare that finds out to the next one', () => {
  async function burning(options: PoolOptions): Promise<{ pool: Pool; open(): void; heavy: Promise<unknown> }> {
    const pool = poolFor({ ...spared, maxThreads: 1, spareThreads: 2, abortGrace: 0, ...options });
    return { pool, ...(await burn(pool, 1)) };
  }

  it('when its arguments could not be sent', async () => {
    const { pool, open, heavy } = await burning({});
    expect(await rejection(pool.run(light, [() => 1]))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE' });
    expect(await pool.run(light, [1])).toBe(1);
    open();
    await heavy;
  });

  it('when it was aborted before it had used as much as a heavy one', async () => {
    const { pool, open, heavy } = await burning({ agedAfter: 300 });
    const controller = new AbortController();
    const { options, started } = observed({ signal: controller.signal });
    const aborted = rejection(pool.run(burnsToo, [gate().path], options));
    await started;
    controller.abort();
    await aborted;
    const next = gate();
    next.open();
    await pool.run(burnsToo, [next.path]);
    open();
    await heavy;
  });
});
