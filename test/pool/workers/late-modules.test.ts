import { expect, it } from 'vitest';

import { add } from '../../fixtures/breaks.js';
import { poolFor, rejection } from '../helpers.ts';

const url = (name: string): URL => new URL(`../../fixtures/${name}.js`, import.meta.url);

it('calls of modules that wait for each other at their top level reject, and the pool goes on', async () => {
  await Promise.all((['threads', 'processes'] as const).map(async (runtime) => {
    const pool = poolFor({ runtime, maxThreads: 2, startTimeout: 1500, abortGrace: 1 });
    const { other } = pool.tasks<{ other(): string }>(url('waits-for-other'));
    const { one } = pool.tasks<{ one(): string }>(url('waits-for-one'));
    const refused = { code: 'OFFLOOP_MODULE_LOAD', message: expect.stringMatching(/waits-for-\w+\.js is still being loaded there/) as string };
    expect(await Promise.all([rejection(other()), rejection(one())])).toEqual([expect.objectContaining(refused), expect.objectContaining(refused)]);
    expect(await pool.run(add, [1, 2])).toBe(3);
    await pool.close();
  }));
});
