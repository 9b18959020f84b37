import fc from 'fast-check';
import { createPool } from 'offloop';
import { describe, expect, it } from 'vitest';

import { increments } from '../fixtures/items.js';
import { takesMs } from '../fixtures/takes-ms.js';
import { poolFor, rejection, runtimes, workers } from './helpers.ts';

/** The action of a caller after ready(). */
const step = fc.record({
  // Longer tasks hold up the other calls of their batch, which come back into the queue.
  ms: fc.constantFrom(0, 0, 0, 0, 5),
  how: fc.constantFrom('calls', 'calls urgently', 'gives up', 'has little time', 'calls nothing'),
  waits: fc.boolean(),
});

const program = fc.record({
  options: fc.record({ maxThreads: fc.constantFrom(1, 2), maxQueue: fc.constantFrom(0, 1, 3, 10), coalesce: fc.boolean() }),
  callers: fc.array(fc.array(step, { minLength: 5, maxLength: 10 }), { minLength: 10, maxLength: 15 }),
  maps: fc.array(fc.nat(40), { maxLength: 3 }),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe.each(runtimes)('callers that wait for ready() of a pool of %s', (runtime) => {
  it('are never refused, whatever the other callers do', async () => {
    await fc.assert(fc.asyncProperty(program, async ({ options, callers, maps }) => {
      await using pool = createPool({ runtime, ...options });
      const codes = new Set<unknown>();
      const call = async ({ ms, how }: Step): Promise<void> => {
        const { signal } = giveUp;
        const deadline = Date.now() + 3;
        try {
          await pool.run(takesMs, [ms], { ...(how === 'calls urgently' && { priority: 1 }), ...(how === 'gives up' && { signal }), ...(how === 'has little time' && { deadline }) });
        } catch (error) {
          codes.add((error as { code?: unknown }).code);
        }
      };
      let giveUp = new AbortController();
      const givingUp = setInterval(() => {
        giveUp.abort();
        giveUp = new AbortController();
      }, 2);
      const calling = callers.map(async (steps) => {
        const calls: Promise<void>[] = [];
        for (const next of steps) {
          await pool.ready();
          if (next.how === 'calls nothing') continue;
          calls.push(call(next));
          if (next.waits) await calls.at(-1);
        }
        await Promise.all(calls);
      });
      const mapping = maps.map((length) => pool.map(increments, Array.from({ length }, (_, i) => i)).toArray());
      try {
        await Promise.all([...calling, ...mapping]);
      } finally {
        clearInterval(givingUp);
      }
      expect([...codes]).not.toContain('OFFLOOP_QUEUE_FULL');
    }), { numRuns: runtime === 'processes' ? 2 : 6, endOnFailure: true });
  });
});

describe.each(workers)('a pool of %s that cannot start its workers', (runtime) => {
  it('resolves ready() and rejects the call with the reason, where no call may wait', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, maxQueue: 0, startTimeout: 300, preload: [new URL('../fixtures/starts/never.mjs', import.meta.url)] });
    const first = rejection(pool.run(takesMs, [0]));
    const waiting = pool.ready();
    expect(await first).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED' });
    await waiting;
    expect(await rejection(pool.run(takesMs, [0]))).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED' });
    expect(await rejection(pool.map(increments, [1]).toArray())).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED' });
  });
});
