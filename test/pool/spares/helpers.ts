import { setTimeout as after } from 'node:timers/promises';

import type { Pool, PoolOptions } from 'offloop';

import { burnsAt, light } from '../../fixtures/burns.js';
import { expectCapacity, gate, observed, poolFor } from '../helpers.ts';

/** Tasks age soon here, and a pool of any machine has the same spares. */
export const spared = { spareThreads: 8, agedAfter: 25 } as const;

/** A pool whose workers are warm, and that has learned that `light` is short. */
export async function warmPool(options: PoolOptions = {}): Promise<Pool> {
  const pool = poolFor({ ...spared, ...options });
  if (options.isolate !== true) await expectCapacity(pool, pool.stats().workers.max);
  for (let i = 0; i < 3; i++) await pool.run(light, [i]);
  return pool;
}

export interface Burning {
  readonly pool: Pool;
  /** The ids of the threads that burn. */
  readonly ids: number[];
  readonly heavy: Promise<unknown>;
  /** Ends the burning. */
  open(): void;
}

/** The same, with tasks that burn, as many as may run at a time, and more that wait. */
export async function burningPool(options: PoolOptions = {}, more = 0): Promise<Burning> {
  const pool = await warmPool(options);
  return { pool, ...(await burn(pool, pool.stats().workers.max, more)) };
}

/** Tasks that burn until they are told to end; resolves once `running` of them run. */
export async function burn(pool: Pool, running: number, more = 0, task = burnsAt): Promise<Omit<Burning, 'pool'>> {
  const { path, open } = gate();
  const burning = Array.from({ length: running }, () => observed());
  const calls = burning.map(({ options: run }, i) => pool.run(task, [path, i], run));
  const ids = await Promise.all(burning.map(async ({ started, seen }) => {
    await started;
    return seen[0] as number;
  }));
  for (let i = 0; i < more; i++) calls.push(pool.run(task, [path, running + i]));
  const heavy = Promise.all(calls);
  heavy.catch(() => {});
  return { ids, heavy, open };
}

/** Resolves once it holds. A test in which it never does runs into its time limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await after(5);
}

/** The state of a call within this time: long for a spare, which comes after some 50 ms. */
export async function within<T>(ms: number, call: Promise<T>): Promise<T | 'waits'> {
  return Promise.race([call, after(ms, 'waits' as const)]);
}

/** Makes so many calls, and resolves once all have started. `done` is in an object, since the caller is not to wait for it. */
export async function startAll(count: number, call: (run: object) => Promise<unknown>): Promise<{ readonly done: Promise<unknown> }> {
  const each = Array.from({ length: count }, () => observed());
  const done = Promise.all(each.map(({ options }) => call(options)));
  done.catch(() => {});
  await Promise.all(each.map(({ started }) => started));
  return { done };
}
