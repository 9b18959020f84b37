import { describe, expect, it } from 'vitest';

import { readsRequest } from '../fixtures/context/reads-request.js';
import { requestStore } from '../fixtures/context/request-store.js';
import { expectCapacity, poolFor, rejection } from '../pool/helpers.ts';

/** Calls that share messages, since the task is known to be short. */
async function warmPool() {
  const pool = poolFor({ maxThreads: 2, maxQueue: 100_000 });
  await expectCapacity(pool, 2);
  await requestStore.run({ id: -1 }, () => Promise.all(Array.from({ length: 200 }, () => pool.run(readsRequest, [undefined]))));
  return pool;
}

describe('a store that comes with call after call', () => {
  it('is each caller’s own, with more callers than a worker keeps stores of', async () => {
    const pool = await warmPool();
    const callers = Array.from({ length: 6000 }, (_, id) => requestStore.run({ id }, async () => {
      for (let nth = 0; nth < 4; nth++) expect(await pool.run(readsRequest, [undefined])).toEqual({ id });
    }));
    await Promise.all(callers);
    expect(pool.stats().workers.messages).toBeLessThan(12_000);
  });

  it('is as it is at each call', async () => {
    const pool = await warmPool();
    const request: Record<string, unknown> = { id: 0 };
    const calls = requestStore.run(request, () => Array.from({ length: 1000 }, (_, nth) => {
      // The same content comes again, the same number of keys with other names, another order.
      request.id = nth % 3;
      if (nth % 5 === 0) request[`key ${String(nth % 2)}`] = nth;
      if (nth % 7 === 0) delete request['key 0'];
      return { expected: { ...request }, seen: pool.run(readsRequest, [undefined]) };
    }));
    for (const { expected, seen } of calls) expect(await seen).toEqual(expected);
  });

  it('is the task’s own copy', async () => {
    const pool = await warmPool();
    const seen = await requestStore.run({ id: 1 }, () => Promise.all(Array.from({ length: 300 }, () => pool.run(readsRequest, ['and changes it']))));
    expect(seen).toEqual(Array.from({ length: 300 }, () => ({ id: 1 })));
  });

  it('arrives after a message that could not be sent', async () => {
    const pool = await warmPool();
    const requests = Array.from({ length: 10 }, (_, id) => ({ id }));
    const round = (bad: number) => Array.from({ length: 200 }, (_, nth) => requestStore.run(requests[nth % 10], async () => {
      if (nth === bad) expect(await rejection(pool.run(readsRequest, [() => undefined]))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE' });
      else expect(await pool.run(readsRequest, [undefined])).toEqual({ id: nth % 10 });
    }));
    await Promise.all(round(100));
    await Promise.all(round(-1));
  });
});
