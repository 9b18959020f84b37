import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { createPool } from 'offloop';
import { describe, expect, it } from 'vitest';

import { observed } from '../../../src/shared/introspection.ts';
import { PoolTimings } from '../../../src/pool/calls/stats.ts';
import { add } from '../../fixtures/places.js';
import { takesMs } from '../../fixtures/takes-ms.js';
import { poolFor, workers } from '../helpers.ts';

setFlagsFromString('--expose_gc');
const gc = runInNewContext('gc') as () => void;

const note = 'too small to offload';

describe.each(workers)('the statistics of %s', (runtime) => {
  it('say which task is too small to offload', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    for (let i = 0; i < 300; i++) await pool.run(add, [i, 1]);
    for (let i = 0; i < 30; i++) await pool.run(takesMs, [1]);
    expect(pool.stats().tasks.add).toMatchObject({ count: 300, note });
    expect(pool.stats().tasks.takesMs).not.toHaveProperty('note');
  });

  it('do not judge a task by a few runs', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    for (let i = 0; i < 19; i++) await pool.run(add, [i, 1]);
    expect(pool.stats().tasks.add).not.toHaveProperty('note');
  });
});

it('the statistics of an inline pool call no task too small, since there is no hop', async () => {
  const pool = poolFor({ runtime: 'inline' });
  for (let i = 0; i < 300; i++) await pool.run(add, [i, 1]);
  expect(pool.stats().tasks.add).not.toHaveProperty('note');
});

describe('a task is called too small', () => {
  interface Run {
    readonly runMs: number;
    readonly overheadMs: number;
  }

  function noteFor(runs: readonly Run[], { messages }: { messages: number | undefined } = { messages: runs.length }): string | undefined {
    const figures = new PoolTimings();
    const task = figures.of({ module: 'file:///m.js', name: 'task' });
    for (const { runMs, overheadMs } of runs) task.record(0, runMs, overheadMs);
    return figures.stats(messages).task?.note;
  }

  const times = (count: number, runMs: number, overheadMs: number): Run[] => Array.from({ length: count }, () => ({ runMs, overheadMs }));

  it('when its median run is below the median cost of the hop, from 20 runs on', () => {
    expect(noteFor(times(20, 0.02, 0.06))).toBe(note);
    expect(noteFor(times(19, 0.02, 0.06))).toBeUndefined();
    expect(noteFor(times(20, 0.07, 0.06))).toBeUndefined();
    expect(noteFor([...times(11, 0.02, 0.06), ...times(9, 3, 0.06)])).toBe(note);
    expect(noteFor([...times(9, 0.02, 0.06), ...times(11, 3, 0.06)])).toBeUndefined();
  });

  it('not when tasks that share a message share its cost', () => {
    expect(noteFor(times(100, 0.02, 0.06), { messages: 10 })).toBeUndefined();
    expect(noteFor(times(100, 0.002, 0.06), { messages: 10 })).toBe(note);
  });

  it('not because this thread was late in reading its responses', () => {
    expect(noteFor(times(100, 1, 5))).toBeUndefined();
    expect(noteFor(times(100, 0.02, 5))).toBe(note);
  });

  it('not when it runs long now and then', () => {
    expect(noteFor([...times(500, 0.02, 0.06), ...times(1, 60, 0.06)])).toBeUndefined();
  });

  it('not where no message was sent', () => {
    expect(noteFor([])).toBeUndefined();
    expect(noteFor(times(100, 0.002, 0.06), { messages: undefined })).toBeUndefined();
  });
});

describe('the list of pools that the watchdog reads', () => {
  const isSeen = (name: string): boolean => [...observed.pools].some((pool) => pool.stats().name === name);

  it('has the open pools, the default pool too', async () => {
    const pools = [createPool({ name: 'seen' }), createPool({ name: 'seen too', runtime: 'inline' })];
    await add(1, 2);
    expect(['seen', 'seen too', 'default'].map(isSeen)).toEqual([true, true, true]);
    await Promise.all(pools.map((pool) => pool.close()));
    expect(['seen', 'seen too', 'default'].map(isSeen)).toEqual([false, false, true]);
  });

  it('keeps no pool alive: a forgotten pool can be collected', async () => {
    await useAndForget('forgotten');
    // A deref() would keep the pool alive for another turn.
    await collectGarbage(20);
    expect(isSeen('forgotten')).toBe(false);
  });

  /** A separate function, so that no local variable of the test holds the pool. */
  async function useAndForget(name: string): Promise<void> {
    const pool = createPool({ name, runtime: 'inline' });
    await collectGarbage(5);
    expect(isSeen(name)).toBe(true);
    await pool.run(add, [1, 2]);
  }

  async function collectGarbage(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      await turn();
      gc();
    }
  }
});
