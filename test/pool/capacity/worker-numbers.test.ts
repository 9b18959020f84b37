import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { endsAt, exits, leavesTrace, number, numberAt, numbers } from '../../fixtures/numbered.js';
import { gate, observed, poolFor, rejection, runtimes, workers } from '../helpers.ts';

/** The numbers of as many workers, which have a task at the same time, in ascending order. */
async function numbersOf(pool: ReturnType<typeof poolFor>, count: number): Promise<number[]> {
  const { path, open } = gate();
  const calls = Array.from({ length: count }, () => {
    const { options, started } = observed();
    return { started, done: pool.run(numberAt, [path], options) };
  });
  await Promise.all(calls.map(({ started }) => started));
  open();
  return (await Promise.all(calls.map(({ done }) => done))).sort((a, b) => a - b);
}

describe.each(runtimes)('a worker of %s', (runtime) => {
  it('has a number of its own, from 1 on', async () => {
    const pool = poolFor({ runtime, maxThreads: 3 });
    expect(await pool.run(number, [])).toBe(1);
    expect(await numbersOf(pool, 3)).toEqual([1, 2, 3]);
    expect(await pool.run(number, [])).toBeLessThanOrEqual(3);
  });

  it('that is replaced after each task leaves its number to the next', async () => {
    for (const options of [{ isolate: true }, { maxTasksPerWorker: 2 }]) {
      const pool = poolFor({ runtime, maxThreads: 2, ...options });
      const seen = await Promise.all(Array.from({ length: 6 }, () => pool.run(number, [])));
      // On a busy machine a worker takes long to end, and its number is then not waited for.
      expect(new Set(seen).size).toBeLessThan(seen.length);
      expect(Math.min(...seen)).toBe(1);
    }
  });
});

it('a worker that is replaced at once holds up no call where the queue takes none', async () => {
  const pool = poolFor({ maxThreads: 1, isolate: true, maxQueue: 0 });
  for (let i = 0; i < 5; i++) expect(await pool.run(number, [])).toBe(1);
});

describe.each(workers)('the number of a worker of %s', (runtime) => {
  it('is in its environment before the task’s module is loaded, whatever `env` says, and the same for all that runs in it', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, env: { ...(process.env as Record<string, string>), OFFLOOP_WORKER: '9' } });
    expect(await pool.run(numbers, [])).toEqual({ ofTask: 1, ofInner: 1, inEnv: '1', atLoad: '1', inPool: 1 });
  });

  it('is its own inside a pool of the worker, too', async () => {
    const pool = poolFor({ runtime, maxThreads: 2 });
    const { path, open } = gate();
    const { options, started } = observed();
    const first = pool.run(numberAt, [path], options);
    await started;
    expect(await pool.run(numbers, [])).toEqual({ ofTask: 2, ofInner: 2, inEnv: '2', atLoad: '2', inPool: 2 });
    open();
    await first;
  });

  it('is free again after a crash', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const { options, seen } = observed();
    expect(await rejection(pool.run(exits, [], options))).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED' });
    expect([...seen, await pool.run(number, [])]).toEqual([1, 1]);
  });

  it('is not given to another worker before it has ended; where it takes long, the other one has a number above', async () => {
    const pool = poolFor({ runtime, maxThreads: 2, maxTasksPerWorker: 1, endGrace: 20_000 });
    const { path, open } = gate();
    expect(await pool.run(endsAt, [path])).toBe(1);
    expect(await numbersOf(pool, 2)).toEqual([2, 3]);
    open();
    // Sooner or later the first worker has ended, and those that ran since.
    while ((await numbersOf(pool, 2)).join() !== '1,2');
  });

  it('is one of its own among all that are alive, while workers come and go', async () => {
    const pool = poolFor({ runtime, maxThreads: 2, maxTasksPerWorker: 1 });
    const { path } = gate();
    await Promise.all(Array.from({ length: 6 }, () => pool.run(leavesTrace, [path])));
    await pool.close();
    const alive = new Set<string>();
    for (const line of readFileSync(path, 'utf8').trim().split('\n')) {
      const [change, number] = [line[0], line.slice(1)];
      expect(alive.has(number)).toBe(change === '-');
      if (change === '+') alive.add(number);
      else alive.delete(number);
    }
  });
});

it('inline tasks find no number in the environment, which is their caller’s', async () => {
  const pool = poolFor({ runtime: 'inline' });
  expect(await pool.run(numbers, [])).toMatchObject({ ofTask: 1, ofInner: 1, inEnv: process.env.OFFLOOP_WORKER });
});
