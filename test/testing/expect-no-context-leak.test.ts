import { readdirSync } from 'node:fs';

import { createPool, type PoolOptions } from 'offloop';
import { ContextLeakError, expectNoContextLeak } from 'offloop/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { temporaryFolder } from '../cli/processes.ts';
import { requestStore } from '../fixtures/context/request-store.js';
import { poolFor, rejection, runtimes } from '../pool/helpers.ts';

const fixture = (name: string): URL => new URL(`../fixtures/testing/${name}`, import.meta.url);

afterEach(() => { vi.unstubAllEnvs(); });

describe.each(runtimes)('expectNoContextLeak() on %s', (runtime) => {
  it.each<[string, PoolOptions]>([
    ['three workers', { maxThreads: 3 }],
    ['a fresh worker for each task', { maxThreads: 2, isolate: true }],
    ['no room to wait, little time, and no store that travels', { maxThreads: 2, maxQueue: 0, timeout: 1, context: 'none' }],
    ['every message a task of its own', { maxThreads: 2, coalesce: false }],
  ])('finds none: %s', async (_name, options) => {
    const pool = poolFor({ ...options, runtime });
    const folder = temporaryFolder();
    vi.stubEnv('TMPDIR', folder);
    await requestStore.run({ id: 'the caller’s' }, () => expectNoContextLeak(pool));
    const { workers, queue } = pool.stats();
    expect([workers.started >= workers.max, workers.crashed, queue.waiting, readdirSync(folder).filter((name) => name.includes('gate'))]).toEqual([true, 0, 0, []]);
  });
});

describe('expectNoContextLeak() where stores leak', () => {
  it.each([
    ['threads', 'breaks-the-root.js'],
    ['threads', 'has-one-context.js'],
    ['processes', 'has-one-context.js'],
  ] as const)('tells which ones, carried or not, and on which worker: on %s, %s', async (runtime, name) => {
    const pool = poolFor({ runtime, maxThreads: 2, preload: [fixture(name)] });
    const error = await rejection(expectNoContextLeak(pool));
    expect(error).toBeInstanceOf(ContextLeakError);
    expect(error).toMatchObject({ code: 'OFFLOOP_CONTEXT_LEAK', name: 'ContextLeakError' });
    const { leaks } = error as ContextLeakError;
    expect(new Set(leaks.map(({ store }) => store))).toEqual(new Set([undefined, 'request']));
    expect(new Set(leaks.map(({ worker }) => worker)).size).toBe(2);
    expect(error.message).toContain(`an AsyncLocalStorage that is not carried on worker ${leaks[0]!.worker}`);
    expect(error.message).toContain("the store 'request' on worker ");
  });
});

it('expectNoContextLeak() rejects with the error of the task where no task can run', async () => {
  const pool = createPool();
  await pool.close();
  expect(await rejection(expectNoContextLeak(pool))).toMatchObject({ code: 'OFFLOOP_POOL_CLOSED' });
  const unloadable = poolFor({ preload: [new URL('../fixtures/throws-on-import.js', import.meta.url)] });
  expect(await rejection(expectNoContextLeak(unloadable))).toMatchObject({ code: 'OFFLOOP_MODULE_LOAD' });
});
