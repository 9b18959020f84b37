import { createPool, type PoolOptions } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { requestStore } from '../fixtures/context/request-store.js';
import { resolvesLazily, resolvesWithGetters, returnsGetters } from '../fixtures/context/returns-getters.js';
import { runtimes } from '../pool/helpers.ts';

const ways: PoolOptions[] = [...runtimes.map((runtime) => ({ runtime })), { runtime: 'threads', coalesce: false }];

describe.each(ways)('with %o, the getters of a result', (options) => {
  const pool = createPool({ maxThreads: 1, ...options });
  afterAll(() => pool.close());

  it.each([['returned', returnsGetters], ['resolved', resolvesWithGetters], ['lazily resolved', resolvesLazily]])('see the stores and the task that it was %s in', async (_how, task) => {
    // Results travel in shared memory, in a message of their own, and with repairs on arrival.
    const kinds = [{}, { text: 'x'.repeat(100_000) }, { bytes: Buffer.from('b') }];
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 12 }, (_, id) => ({ id, more: kinds[id % 3] }));
      const results = await Promise.all(calls.map(({ id, more }) => requestStore.run({ id }, () => pool.run(task, [more]))));
      expect(results).toEqual(calls.map(({ id, more }) => ({ request: { id }, inner: [{ task: task.taskName }], ...more })));
    }
    expect(await pool.run(task, [{}])).toEqual({ request: undefined, inner: [{ task: task.taskName }] });
  });
});
