import { describe, expect, it } from 'vitest';

import { hangs, spins } from '../../fixtures/stops.js';
import { opensAloud, takesMs, takesMsAloud } from '../../fixtures/takes-ms.js';
import { gate, observed, poolFor, rejection, workers } from '../helpers.ts';
import { expectNoTimeCounted } from '../is-stopped.ts';

const cell = new Int32Array(new SharedArrayBuffer(4));

/** Two ways to block the main thread. */
const ways = {
  computes: () => undefined,
  waits: () => { Atomics.wait(cell, 0, 0, 20); },
};

function block(way: keyof typeof ways, isOver: () => boolean): void {
  while (!isOver()) ways[way]();
}

function passed(ms: number): () => boolean {
  const end = performance.now() + ms;
  return () => performance.now() >= end;
}

const LIMIT = 150;

describe.each(workers)('%s whose main thread is blocked', (runtime) => {
  it.each(Object.keys(ways) as (keyof typeof ways)[])('deliver a result that arrived in time: the main thread %s', async (way) => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    await pool.run(takesMs, [1]);
    for (const limit of [{ timeout: LIMIT }, { deadline: Date.now() + 1500 }]) {
      const done = gate();
      const { options, started } = observed(limit);
      const call = pool.run(opensAloud, [done.path], options);
      await started;
      block(way, () => done.isOpen());
      // Blocks until the response has been sent and the limit is over.
      block(way, passed('deadline' in limit ? limit.deadline - Date.now() : LIMIT + 100));
      expect(await call).toBe('opened');
    }
  });

  it('still end a task that never ends', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, abortGrace: 50 });
    for (const task of [hangs, spins]) {
      const { options, started } = observed({ timeout: 100 });
      const call = rejection(pool.run(task, [], options));
      await started;
      block('computes', passed(300));
      expect(await call).toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
    }
  });

  it('give a cancelled task its abortGrace', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, abortGrace: 100 });
    const controller = new AbortController();
    const { options, started } = observed({ signal: controller.signal });
    const call = rejection(pool.run(takesMsAloud, [50], options));
    await started;
    controller.abort('not wanted');
    block('computes', passed(400));
    expect(await call).toBe('not wanted');
    await pool.run(takesMs, [1]);
    expect(pool.stats().workers).toMatchObject({ started: 1, replaced: 0 });
  });
});

describe('a process that is stopped', () => {
  // The same for threads is in held-up.slow.test.ts.
  it('and its worker processes do not count the time', () => expectNoTimeCounted('processes'));
});
