import type { Pool } from 'offloop';
import { describe, expect, it } from 'vitest';

import { deadlyDeeds, does, harmlessDeeds, isWrapped, looks, resolves, returns, throwsRange, wraps } from '../fixtures/replaced-globals.js';
import { poolFor, rejection, workers } from '../pool/helpers.ts';

// A process takes time to start.
const isWorthAProcess = (deed: string): boolean => deed.startsWith('process.') || ['process', 'Promise', 'Uint8Array', 'Object.prototype.then', "Object.prototype.end = 'polluted'", 'console', 'Array.prototype.push'].includes(deed);

// `npm run test:slow` tries all globals: each has a worker of its own.
const isThorough = process.env.OFFLOOP_ALL_GLOBALS === '1';
/** Every third key of Object.prototype. */
const isTried = (deed: string, i: number): boolean => isThorough || !deed.startsWith('Object.prototype.') || i % 3 === 0 || isWorthAProcess(deed);

describe.each(workers)('on %s, a task that replaces globals of its worker', (runtime) => {
  const freshPool = async (): Promise<Pool> => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    await pool.run(returns, [0]);
    return pool;
  };

  it('does no harm to later calls, where only offloop needs these globals', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, maxTasksPerWorker: 8 });
    const deeds = harmlessDeeds.filter((deed, i) => (runtime === 'threads' ? isTried(deed, i) : isThorough || isWorthAProcess(deed)));
    for (const deed of deeds) {
      await pool.run(does, [deed]);
      expect([deed, await pool.run(returns, [7]), await pool.run(resolves, [7]), await pool.run(looks, [7])]).toEqual([deed, 7, { x: 7, list: [7] }, 7]);
      expect([deed, await rejection(pool.run(throwsRange, [7]))]).toEqual([deed, expect.objectContaining({ name: 'RangeError', message: 'mine 7' })]);
      expect([deed, await Promise.all([pool.run(returns, [1]), pool.run(returns, [2])])]).toEqual([deed, [1, 2]]);
      // This is the eighth task of the worker, so the next deed has a fresh worker.
      await pool.run(returns, [0]);
    }
    expect(pool.stats().workers).toMatchObject({ crashed: 0, replaced: deeds.length });
  });

  it('keeps wrappers of the real globals, as agents install them', async () => {
    const pool = await freshPool();
    await pool.run(wraps, []);
    expect([await pool.run(returns, [1]), await pool.run(isWrapped, [])]).toEqual([1, [true, true]]);
  });

  it('sends its error to a caller whose Error.prepareStackTrace throws', async () => {
    const pool = await freshPool();
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = () => { throw new Error('of the caller'); };
    const [thrown, refused] = await Promise.all([rejection(pool.run(throwsRange, [1])), rejection(pool.run(returns, [() => 1]))]).finally(() => { Error.prepareStackTrace = prepareStackTrace; });
    expect([thrown, refused]).toEqual([expect.objectContaining({ name: 'RangeError', message: 'mine 1' }), expect.objectContaining({ code: 'OFFLOOP_NOT_CLONEABLE' })]);
  });

  it('costs its own worker where Node or tinypool fails: the error is true, and later calls run on another worker', async () => {
    for (const deed of deadlyDeeds.filter((one) => runtime === 'threads' || isThorough || isWorthAProcess(one))) {
      const pool = await freshPool();
      const outcomes = await Promise.allSettled([pool.run(does, [deed]), pool.run(returns, [1]), pool.run(resolves, [2]), pool.run(throwsRange, [3])]);
      for (const outcome of outcomes) {
        // The arguments were valid.
        if (outcome.status === 'rejected') expect([deed, (outcome.reason as { code?: unknown } | undefined)?.code]).not.toEqual([deed, 'OFFLOOP_NOT_CLONEABLE']);
      }
      const calls = async (): Promise<unknown> => Promise.all([pool.run(returns, [7]), pool.run(resolves, [7])]).catch(calls);
      expect([deed, await calls()]).toEqual([deed, [7, { x: 7, list: [7] }]]);
      await pool.close();
    }
  });
});
