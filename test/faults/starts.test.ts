import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

import { createPool } from 'offloop';
import { describe, expect, it } from 'vitest';

import { add } from '../fixtures/places.js';
import { expectCapacity, poolFor, rejection, workers } from '../pool/helpers.ts';

const fixture = (name: string): string => new URL(`../fixtures/starts/${name}.mjs`, import.meta.url).href;
const newFile = (): string => join(tmpdir(), `offloop-test-${randomUUID()}`);

/** Workers whose first ones end before they are ready. */
function failingAtFirst(count: number) {
  const file = newFile();
  return {
    options: { preload: [fixture('exits-at-first')], env: { STARTS_FILE: file, FAILING_STARTS: String(count) } },
    starts: () => readFileSync(file, 'utf8').length,
  };
}

describe.each(workers)('on %s', (runtime) => {
  it('a worker that ends before it is ready costs no call', async () => {
    const { options, starts } = failingAtFirst(2);
    const pool = poolFor({ runtime, maxThreads: 1, ...options });
    expect(await Promise.all([pool.run(add, [1, 2]), pool.run(add, [3, 4])])).toEqual([3, 7]);
    expect(starts()).toBe(3);
    expect(pool.stats().workers).toMatchObject({ started: 3, crashed: 2, idle: 1 });
    await expectCapacity(pool, 1);
  });

  it.each([
    ['--import that throws', { execArgv: ['--import', fixture('throws')] }, /before they are ready.*`execArgv`/s],
    ['a preload that exits', { preload: [fixture('exits')] }, /before they are ready.*exit code 7.*`preload`/s],
  ])('%s: after three tries all waiting calls are rejected with the cause, and no worker is started over and over', async (_what, options, message) => {
    const pool = poolFor({ runtime, maxThreads: 2, ...options });
    const errors = await Promise.all(Array.from({ length: 10 }, () => rejection(pool.run(add, [1, 2]))));
    for (const error of errors) expect(error).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', message: expect.stringMatching(message) });
    if (runtime === 'threads' && 'execArgv' in options) expect(errors[0].cause).toMatchObject({ message: 'thrown before the worker is ready' });
    // During the break calls are refused at once; after the break, one more worker is tried.
    for (let i = 0; i < 10; i++) expect(await rejection(pool.run(add, [1, 2]))).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED' });
    expect(pool.stats()).toMatchObject({ queue: { waiting: 0 }, workers: { busy: 0, idle: 0 } });
    expect(pool.stats().workers.started).toBeLessThan(10);
  });

  it('after a break, the pool tries again and is whole', async () => {
    const { options, starts } = failingAtFirst(3);
    const pool = poolFor({ runtime, maxThreads: 1, ...options });
    expect(await rejection(pool.run(add, [1, 2]))).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', exitCode: 7 });
    const sum = async (): Promise<number> => pool.run(add, [1, 2]).catch(() => after(20).then(sum));
    expect(await sum()).toBe(3);
    expect(starts()).toBe(4);
    await expectCapacity(pool, 1);
  });

  it('a worker that never becomes ready is ended after `startTimeout`', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, startTimeout: 300, preload: [fixture('never')] });
    const errors = await Promise.all([rejection(pool.run(add, [1, 2])), rejection(pool.run(add, [3, 4]))]);
    for (const error of errors) expect(error).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', exitCode: null, message: expect.stringMatching(/not ready 300 ms.*`preload`/s) });
    expect(pool.stats()).toMatchObject({ queue: { waiting: 0 }, workers: { started: 1, busy: 0, replaced: 1 } });
  });

  it('a module that throws when it is first loaded, and only then, works with the next call', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, env: { MODULE_FILE: newFile() } });
    const tasks = pool.tasks<{ answers(): string }>(fixture('throws-at-first'));
    const error = await rejection(tasks.answers());
    expect(error).toMatchObject({ code: 'OFFLOOP_MODULE_LOAD', cause: { message: 'thrown while loading' } });
    expect(await tasks.answers()).toBe('loaded');
    expect(pool.stats().workers).toMatchObject({ started: 2, crashed: 0, replaced: 1 });
  });

  it('a module that always throws does not cost a worker for each call', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const tasks = pool.tasks<{ answers(): string }>(fixture('throws'));
    for (let i = 0; i < 20; i++) expect(await rejection(tasks.answers())).toMatchObject({ code: 'OFFLOOP_MODULE_LOAD' });
    expect(pool.stats().workers.started).toBeLessThan(10);
    expect(await pool.run(add, [1, 2])).toBe(3);
  });
});

it('a worker with too little memory to start rejects the call with an error about the memory', async () => {
  const pool = poolFor({ maxThreads: 1, resourceLimits: { maxOldGenerationSizeMb: 4, maxYoungGenerationSizeMb: 1 } });
  expect(await rejection(pool.run(add, [1, 2]))).toMatchObject({ code: 'OFFLOOP_WORKER_OOM', message: expect.stringContaining('resourceLimits') });
});

it.each([2, NaN])('%d MB, with which Node would end the whole process, is refused', (maxOldGenerationSizeMb) => {
  expect(() => createPool({ resourceLimits: { maxOldGenerationSizeMb } })).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION', message: expect.stringContaining('at least 4') }));
});
