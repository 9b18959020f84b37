import { createPool } from 'offloop';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { minutesLeft } from '../fixtures/deadlines.js';
import { add } from '../fixtures/places.js';
import { spins } from '../fixtures/stops.js';
import { expectRealClock } from './fakes-the-clock.ts';
import { observed, poolFor, rejection, workers } from './helpers.ts';

describe('a pool whose process has a faked clock', () => {
  // Other pairs are in fake-timers.slow.test.ts.
  it.concurrent.each([['sinon', 'threads'], ['node:test', 'processes'], ['replaced', 'threads']])('uses the real clock: %s, %s', expectRealClock);
});

describe('a pool under vi.useFakeTimers()', () => {
  afterEach(() => { vi.useRealTimers(); });

  it.each(workers)('of %s uses the real clock, and keeps the time that is left of a deadline', async (runtime) => {
    vi.useFakeTimers({ now: 0 });
    const pool = createPool({ runtime, maxThreads: 1 });
    const first = pool.run(add, [1, 2]);
    vi.advanceTimersByTime(3_600_000);
    expect(await first).toBe(3);
    const { options, started } = observed({ timeout: 50 });
    const endless = rejection(pool.run(spins, [], options));
    await started;
    expect(await endless).toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
    expect(await pool.run(minutesLeft, [], { deadline: Date.now() + 60_000 })).toEqual([1, 1]);
    expect(await rejection(pool.run(add, [1, 2], { deadline: Date.now() }))).toMatchObject({ code: 'OFFLOOP_DEADLINE' });
    await pool.close();
  });
});

describe('a call whose deadline was set before the clock was changed', () => {
  afterEach(() => { vi.useRealTimers(); });

  it.each([3_600_000, -3_600_000])('keeps its deadline when the clock is changed by %i ms', async (jump) => {
    const pool = poolFor({ maxThreads: 1 });
    const { options, started } = observed();
    const running = rejection(pool.run(spins, [], { ...options, timeout: 300 }));
    await started;
    const inTime = pool.run(add, [1, 2], { deadline: Date.now() + 60_000 });
    const late = rejection(pool.run(add, [1, 2], { deadline: Date.now() + 50 }));
    vi.useFakeTimers({ now: Date.now() + jump, toFake: ['Date'] });
    expect(await late).toMatchObject({ code: 'OFFLOOP_DEADLINE' });
    expect([await running, await inTime]).toEqual([expect.objectContaining({ code: 'OFFLOOP_TIMEOUT' }), 3]);
  });
});
