import { createPool } from 'offloop';
import { describe, expect, it } from 'vitest';

import { closesPool, pools } from '../fixtures/closes-its-pool.js';
import { waitsAt } from '../fixtures/gates.js';
import { increments, pairAt } from '../fixtures/items.js';
import { add } from '../fixtures/places.js';
import { hangs, spins } from '../fixtures/stops.js';
import { gate, observed, poolFor, rejection, runtimes, workers } from './helpers.ts';

const closed = { code: 'OFFLOOP_POOL_CLOSED', name: 'PoolClosedError' };
const plain = new URL('../fixtures/plain.js', import.meta.url);

describe.each(runtimes)('closing a pool of %s', (runtime) => {
  it('refuses every kind of call afterwards', async () => {
    const pool = poolFor({ runtime });
    const tasks = pool.tasks<typeof import('../fixtures/plain.js')>(plain);
    const map = pool.map(increments, [1, 2]);
    await pool.close();
    expect(await rejection(pool.run(add, [1, 1]))).toMatchObject(closed);
    expect(await rejection(tasks.double(2))).toMatchObject(closed);
    expect(await rejection(pool.tasks<typeof import('../fixtures/plain.js')>(plain).double(2))).toMatchObject(closed);
    expect(await rejection(map.toArray())).toMatchObject(closed);
    expect(await rejection(pool.map(increments, [1])[Symbol.asyncIterator]().next())).toMatchObject(closed);
    expect(await rejection(pool.ready())).toMatchObject(closed);
    expect(pool.stats().workers.started).toBe(0);
  });

  it('drains for as long as the calls take, however far away its time limit is', async () => {
    for (const timeout of [Infinity, 2 ** 31]) {
      const pool = poolFor({ runtime, maxThreads: 1 });
      const { path, open } = gate();
      const { options, started } = observed();
      const calls = [pool.run(waitsAt, [path, 1], options), pool.run(waitsAt, [path, 2])];
      const closing = pool.close({ timeout });
      await started;
      await turns();
      open();
      expect(await Promise.all(calls)).toEqual([1, 2]);
      await closing;
    }
  });

  it('works from within onProgress', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const { path, open } = gate();
    let closing: Promise<void> | undefined;
    const call = pool.run(waitsAt, [path, 1], {
      onProgress() {
        closing = pool.close();
        open();
      },
    });
    expect(await call).toBe(1);
    await closing;
    expect(pool.stats().state).toBe('closed');
  });

  it('works from within an abort listener, before and after the pool\'s own listener', async () => {
    for (const drain of [true, false]) {
      const pool = poolFor({ runtime, maxThreads: 1, abortGrace: 0 });
      const controller = new AbortController();
      const closings: Promise<void>[] = [];
      const close = (): void => { closings.push(pool.close({ drain })); };
      controller.signal.addEventListener('abort', close);
      const { options, started } = observed({ signal: controller.signal });
      const running = rejection(pool.run(hangs, [], options));
      const waiting = rejection(pool.run(add, [1, 1], { signal: controller.signal }));
      controller.signal.addEventListener('abort', close);
      await started;
      controller.abort('enough');
      const reasons = [await running, await waiting];
      if (drain) expect(reasons).toEqual(['enough', 'enough']);
      else expect(reasons).toMatchObject([closed, closed]);
      await Promise.all(closings);
      expect(pool.stats().workers).toMatchObject({ busy: 0, idle: 0 });
    }
  });

  it('works while its workers start', async () => {
    const pool = poolFor({ runtime, minThreads: 2, maxThreads: 2 });
    const drained = [1, 2, 3].map((n) => pool.run(add, [n, n]));
    await pool.close();
    expect(await Promise.all(drained)).toEqual([2, 4, 6]);
    const other = poolFor({ runtime, minThreads: 2, maxThreads: 2, abortGrace: 0 });
    const dropped = [1, 2, 3].map((n) => rejection(other.run(add, [n, n])));
    await other.close({ drain: false });
    expect(await Promise.all(dropped)).toMatchObject([closed, closed, closed]);
  });

  it('ends a map that is being consumed, and its source', async () => {
    const pool = poolFor({ runtime, maxThreads: 2 });
    const source = endless();
    const taken: number[] = [];
    const consuming = rejection((async () => {
      for await (const value of pool.map(increments, source.items, { concurrency: 4 })) {
        taken.push(value);
        if (taken.length === 10) await pool.close();
      }
    })());
    expect(await consuming).toMatchObject(closed);
    expect(taken.slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(source.isReturned()).toBe(true);
  });

  it('does not wait for an iterator that nobody reads any more', async () => {
    const pool = poolFor({ runtime, maxThreads: 2 });
    const iterator = pool.map(increments, endless().items, { concurrency: 4 })[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    await pool.close();
    await rejection((async () => { while ((await iterator.next()).done !== true); })());
  });

  it('without draining rejects a map whose items are running', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, abortGrace: 0 });
    const { path, open } = gate();
    const all = rejection(pool.map(pairAt, [[path, 1], [path, 2]]).toArray());
    await turns();
    await pool.close({ drain: false });
    expect(await all).toMatchObject(closed);
    open();
  });

  it('closes once, however many times it is called at once', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const call = pool.run(add, [1, 1]);
    await Promise.all([pool.close(), pool.close({ timeout: 60_000 }), pool[Symbol.asyncDispose](), pool.close()]);
    expect(await call).toBe(2);
    expect(pool.stats()).toMatchObject({ state: 'closed', workers: { started: 1 } });
  });
});

describe.each(workers)('closing a pool of %s', (runtime) => {
  it('starts no worker in place of a worker that it ends', async () => {
    const pool = createPool({ runtime, minThreads: 2, maxThreads: 2, abortGrace: 0 });
    const { options, started } = observed();
    const call = rejection(pool.run(spins, [], options));
    await started;
    const { started: before } = pool.stats().workers;
    await pool.close({ drain: false });
    expect(await call).toMatchObject(closed);
    expect(pool.stats().workers).toMatchObject({ started: before, replaced: 1 });
  });
});

describe('a task on the caller\'s own thread that closes its pool', () => {
  it('is drained when it does not await close()', async () => {
    const pool = poolFor({ runtime: 'inline' });
    pools.set('own', pool);
    expect(await pool.run(closesPool, ['own', false])).toBe('done');
    await pool.close();
    expect(pool.stats().state).toBe('closed');
  });

  it('waits for itself when it awaits close(), and is rejected at the time limit', async () => {
    const pool = poolFor({ runtime: 'inline', abortGrace: 0 });
    pools.set('own', pool);
    expect(await rejection(pool.run(closesPool, ['own', true]))).toMatchObject(closed);
    await pool.close();
    expect(pool.stats().state).toBe('closed');
  });
});

/** Waits long enough for all pending events. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

function endless(): { items: Iterable<number>; isReturned(): boolean } {
  let isReturned = false;
  function* items(): Generator<number, void, undefined> {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      isReturned = true;
    }
  }
  return { items: items(), isReturned: () => isReturned };
}
