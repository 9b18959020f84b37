import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeWorkerEnds } from 'offloop';
import { describe, expect, it, onTestFinished } from 'vitest';

import { exitsAtItsEnd, finishesWhenOpen, marksItsEnd, marksItsEndAmongOthers, marksItsEndAndSpins, neverFinishes } from '../fixtures/ends.js';
import { add } from '../fixtures/places.js';
import { gate, observed, poolFor, rejection, workers } from '../pool/helpers.ts';

function markFile(): { path: string; lines(): string[] } {
  const path = join(tmpdir(), `offloop-test-${randomUUID()}`);
  writeFileSync(path, '');
  onTestFinished(() => { rmSync(path); });
  return { path, lines: () => readFileSync(path, 'utf8').split('\n').filter((line) => line !== '') };
}

/** Longer than any test may take: a wait of this length fails the test. */
const AGES = 60_000;

describe.each(workers)('a worker of %s', (runtime) => {
  it('runs its hooks when it is replaced, and when the pool closes', async () => {
    const { path, lines } = markFile();
    const pool = poolFor({ runtime, maxThreads: 1, maxTasksPerWorker: 2, endGrace: AGES });
    const places = [await pool.run(marksItsEnd, [path]), await pool.run(marksItsEnd, [path]), await pool.run(marksItsEnd, [path])];
    await pool.close();
    // Each call has registered a hook of its own.
    expect(lines().toSorted()).toEqual(places.toSorted());
    expect(new Set(places).size).toBe(2);
  });

  it('runs its other hooks when a hook fails or was removed', async () => {
    const { path, lines } = markFile();
    const warned = new Promise<Error>((resolve) => { process.once('warning', resolve); });
    const pool = poolFor({ runtime, maxThreads: 1, endGrace: AGES });
    const place = await pool.run(marksItsEndAmongOthers, [path]);
    await pool.close();
    expect(lines()).toEqual([`${place} undefined`]);
    if (runtime === 'threads') expect(await warned).toMatchObject({ code: 'OFFLOOP_END_HOOK', message: expect.stringContaining('the collector is gone') as string });
  });

  it('is waited for at most `endGrace` when a hook never finishes, and not at all when a hook ends the worker', async () => {
    const late = poolFor({ runtime, maxThreads: 1, endGrace: 20 });
    await late.run(neverFinishes, []);
    await late.close();
    const gone = poolFor({ runtime, maxThreads: 1, endGrace: AGES });
    await gone.run(exitsAtItsEnd, []);
    await gone.close();
    expect([late, gone].map((pool) => pool.stats().workers.crashed)).toEqual([0, 0]);
  });
});

it('a worker that has been idle for too long runs its hooks, too', async () => {
  const { path, lines } = markFile();
  const pool = poolFor({ maxThreads: 2, minThreads: 1, idleTimeout: 1, endGrace: AGES });
  const places = await Promise.all([pool.run(marksItsEnd, [path]), pool.run(marksItsEnd, [path])]);
  expect(new Set(places).size).toBe(2);
  // The pool keeps one worker (`minThreads`).
  await expect.poll(lines, { timeout: 10_000 }).toHaveLength(1);
  await pool.close();
  expect(lines().toSorted()).toEqual(places.toSorted());
});

it('a worker that is ended because its task did not stop runs no hook', async () => {
  const { path, lines } = markFile();
  const pool = poolFor({ maxThreads: 1, abortGrace: 1, endGrace: AGES });
  const aborter = new AbortController();
  const { options, started } = observed({ signal: aborter.signal });
  const call = rejection(pool.run(marksItsEndAndSpins, [path], options));
  await started;
  aborter.abort();
  expect(await call).toMatchObject({ name: 'AbortError' });
  expect(await pool.run(add, [1, 2])).toBe(3);
  await pool.close();
  expect(lines()).toEqual([]);
});

it('workers whose hooks take long do not pile up: the next workers wait for them', async () => {
  const pool = poolFor({ maxThreads: 1, isolate: true, endGrace: AGES });
  const { path, open } = gate();
  const first = await pool.run(finishesWhenOpen, [path]);
  const second = pool.run(finishesWhenOpen, [path]);
  // A worker would have been started at once, if the pool could start one.
  expect(pool.stats()).toMatchObject({ queue: { waiting: 1 }, workers: { busy: 0, idle: 0, started: 1 } });
  open();
  expect(await second).not.toBe(first);
  await pool.close();
});

it('an inline pool has no worker that ends', async () => {
  const { path, lines } = markFile();
  const pool = poolFor({ runtime: 'inline', maxTasksPerWorker: 1 });
  await pool.run(marksItsEnd, [path]);
  await pool.close();
  expect(lines()).toEqual([]);
});

it('beforeWorkerEnds() takes a function', () => {
  expect(() => beforeWorkerEnds('flush' as never)).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
});
