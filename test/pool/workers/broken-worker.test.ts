import { expect, it } from 'vitest';

import { add, breaksAtomics } from '../../fixtures/breaks.js';
import { poolFor } from '../helpers.ts';

it('a worker in which offloop’s own code fails is replaced, and its calls that had not started run elsewhere', async () => {
  const pool = poolFor({ maxThreads: 1 });
  for (let i = 0; i < 60; i++) await pool.run(add, [i, 1]);
  await pool.run(breaksAtomics, []);
  const sums = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.run(add, [i, 1])));
  expect(sums).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(pool.stats().workers).toMatchObject({ started: 2 });
  await pool.close();
});
