import { describe, expect, it } from 'vitest';

import { number } from '../../fixtures/numbered.js';
import { poolFor, rejection, runtimes } from '../helpers.ts';

describe.each(runtimes)('where the queue takes no call, with workers of %s that are replaced after each task,', (runtime) => {
  it('as many calls as there are threads are taken at a time, also while the workers before them are ending', async () => {
    const pool = poolFor({ runtime, maxThreads: 3, isolate: true, maxQueue: 0 });
    for (let i = 0; i < 4; i++) expect(await Promise.all([1, 2, 3].map(() => pool.run(number, [])))).toHaveLength(3);
  });

  it('one call more is refused', async () => {
    const pool = poolFor({ runtime, maxThreads: 2, isolate: true, maxQueue: 0 });
    await Promise.all([1, 2].map(() => pool.run(number, [])));
    const calls = [1, 2].map(() => pool.run(number, []));
    expect(await rejection(pool.run(number, []))).toMatchObject({ code: 'OFFLOOP_QUEUE_FULL' });
    await Promise.all(calls);
  });
});
