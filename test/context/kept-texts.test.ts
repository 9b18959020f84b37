import { MessagePort } from 'node:worker_threads';

import { describe, expect, it } from 'vitest';

import { readsRequest } from '../fixtures/context/reads-request.js';
import { requestStore } from '../fixtures/context/request-store.js';
import { expectCapacity, poolFor, rejection } from '../pool/helpers.ts';

/** Calls that share messages, since the task is known to be short. */
async function warmPool(maxThreads = 2) {
  const pool = poolFor({ maxThreads, maxQueue: 100_000 });
  await expectCapacity(pool, maxThreads);
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

  it('has its present value at each call', async () => {
    const pool = await warmPool();
    const request: Record<string, unknown> = { id: 0 };
    const calls = requestStore.run(request, () => Array.from({ length: 1000 }, (_, nth) => {
      // The requests take turns: the same content again, the same number of keys with other names, and another order.
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

  it('is never another request’s after a shared message that could not be cloned', async () => {
    const pool = await warmPool(1);
    const requests = Array.from({ length: 12 }, (_, id) => ({ id }));
    const call = (id: number, change?: () => void) => requestStore.run(requests[id], () => pool.run(readsRequest, [change]));
    const round = async (ids: readonly number[]) => {
      expect(await Promise.all(ids.map((id) => call(id)))).toEqual(ids.map((id) => ({ id })));
    };
    // A store gets its number with its second capture; a lost message loses numbers and texts.
    for (let id = 0; id < 12; id += 3) {
      await round([id, id + 1, id, id + 1, id, id + 1]);
      await Promise.allSettled([call(id), call(id), call(id + 1, () => undefined)]);
      await round([id, id, id, id + 2, id + 2, id + 1, id + 1, id, id + 2]);
    }
  });

  it('is sent again when the worker turns out not to have its text', async () => {
    const pool = await warmPool();
    const request = { id: 7 };
    const burst = () => requestStore.run(request, () => Promise.all(Array.from({ length: 40 }, () => pool.run(readsRequest, [undefined]))));
    const lost = loseTexts();
    const seen = await burst().finally(lost.stop);
    expect(lost.count()).toBeGreaterThan(0);
    expect([...seen, ...await burst()]).toEqual(Array.from({ length: 80 }, () => request));
  });
});

/** Makes messages lose the texts that a worker is to keep, from now on. */
function loseTexts(): { count(): number; stop(): void } {
  const { postMessage } = MessagePort.prototype;
  let count = 0;
  MessagePort.prototype.postMessage = function lose(this: MessagePort, message: any, ...rest: any[]) {
    const stores = message?.task?.batch?.stores as { keep: string[]; keepNumbers: number[] } | undefined;
    if (stores !== undefined) {
      count += stores.keep.length;
      stores.keep = stores.keepNumbers = [];
    }
    postMessage.call(this, message, ...rest);
  };
  return { count: () => count, stop: () => { MessagePort.prototype.postMessage = postMessage; } };
}
