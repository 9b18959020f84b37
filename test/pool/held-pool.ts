import type { Pool } from 'offloop';

import { waitsAt } from '../fixtures/gates.js';
import { mixed } from '../fixtures/mixed.js';
import { expectCapacity, gate, observed, poolFor } from './helpers.ts';

/** A pool that has learned that `mixed` is short, and whose workers are held up until `release`. */
export async function heldPool(options: Parameters<typeof poolFor>[0] = {}): Promise<{ pool: Pool; release(): void }> {
  const pool = poolFor({ maxThreads: 2, ...options });
  const { max } = pool.stats().workers;
  await expectCapacity(pool, max);
  for (let value = 0; value < 20; value++) await pool.run(mixed, [{ value }]);
  const { path, open } = gate();
  const holds = Array.from({ length: max }, () => observed());
  const released = Promise.all(holds.map(({ options: run }) => pool.run(waitsAt, [path, 0], run)));
  // The test may end before the workers do.
  released.catch(() => {});
  await Promise.all(holds.map(({ started }) => started));
  return { pool, release: open };
}
