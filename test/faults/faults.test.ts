import { createPool, type Pool } from 'offloop';
import { afterAll, describe, expect, it, onTestFailed } from 'vitest';

import * as faults from '../fixtures/faults.js';
import { waitsAt } from '../fixtures/gates.js';
import { add } from '../fixtures/places.js';
import { spins } from '../fixtures/stops.js';
import { expectCapacity, gate, observed, poolFor, rejection, runtimes, workers } from '../pool/helpers.ts';

/** One pool for each runtime: its workers are replaced as they end. */
const pools = new Map<string, Pool>();
afterAll(() => Promise.all([...pools.values()].map((pool) => pool.close({ drain: false }))));

function poolOf(runtime: (typeof runtimes)[number]): Pool {
  const pool = pools.get(runtime) ?? createPool({ runtime, maxThreads: 2, abortGrace: 20, ...(runtime !== 'inline' && { resourceLimits: { maxOldGenerationSizeMb: 32 } }) });
  pools.set(runtime, pool);
  return pool;
}

/** A pool of two workers; one of them runs an innocent task that must live. */
async function withSibling(runtime: (typeof runtimes)[number]) {
  const pool = poolOf(runtime);
  const { path, open } = gate();
  const observer = observed();
  const sibling = pool.run(waitsAt, [path, 'lived'], observer.options);
  sibling.catch(() => {});
  onTestFailed(open);
  await observer.started;
  const { crashed, replaced } = pool.stats().workers;
  return {
    pool,
    async expectWhole(lost: { crashed?: number; replaced?: number } = {}) {
      open();
      expect(await sibling).toBe('lived');
      await expectCapacity(pool, 2);
      if (lost.crashed !== undefined) expect(pool.stats().workers.crashed - crashed).toBe(lost.crashed);
      if (lost.replaced !== undefined) expect(pool.stats().workers.replaced - replaced).toBe(lost.replaced);
    },
  };
}

describe.each(runtimes)('on %s', (runtime) => {
  it('an argument that cannot be cloned rejects its own call while the call waits, and the calls behind it run', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const { path, open } = gate();
    const holding = pool.run(waitsAt, [path, 1]);
    const bad = rejection(pool.run(faults.takes, [{ user: { greet: () => 'hi' } }]));
    const behind = [pool.run(faults.takes, [1]), pool.run(faults.takes, ['x'])];
    open();
    const error = await bad;
    expect(error).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE', name: 'NotCloneableError', path: 'args[0].user.greet' });
    expect(error.message).toContain('`args[0].user.greet` is `[Function: greet]` (function)');
    expect(error.cause.message).toContain('could not be cloned');
    expect(await Promise.all([holding, ...behind])).toEqual([1, 'number', 'string']);
    await expectCapacity(pool, 1);
  });

  it('an argument that cannot be cloned on a cold worker leaves the worker usable', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    expect(await rejection(pool.run(faults.takes, [Symbol('no')]))).toMatchObject({ path: 'args[0]' });
    expect(await pool.run(faults.takes, [1])).toBe('number');
    expect(pool.stats().workers.started).toBe(1);
  });

  it('a result that cannot be cloned rejects its own call and keeps its worker', async () => {
    const { pool, expectWhole } = await withSibling(runtime);
    const error = await rejection(pool.run(faults.returnsFunction, []));
    expect(error).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE', path: 'result.rows[1].format' });
    expect(await rejection(pool.run(faults.returnsSocketlike, []))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE', path: 'result.at' });
    await expectWhole({ crashed: 0, replaced: 0 });
  });

  it('`throw null` rejects with null', async () => {
    const { pool, expectWhole } = await withSibling(runtime);
    expect(await rejection(pool.run(faults.throwsNull, []))).toBe(null);
    await expectWhole();
  });

  it('a thrown value that cannot be cloned arrives as a description of the value', async () => {
    const { pool, expectWhole } = await withSibling(runtime);
    expect(await rejection(pool.run(faults.throwsFunction, []))).toMatch(/function/);
    await expectWhole();
  });
});

describe.each(workers)('on %s', (runtime) => {
  it.each([0, 3])('process.exit(%i) rejects its own call with the exit code', async (code) => {
    const { pool, expectWhole } = await withSibling(runtime);
    const error = await rejection(pool.run(faults.exits, [code]));
    expect(error).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', name: 'WorkerCrashedError', exitCode: code });
    expect(error.message).toMatch(/'exits'.*exit code/s);
    await expectWhole({ crashed: 1 });
  });

  it('each of many exits has its own error, and all other calls run', async () => {
    const pool = poolFor({ runtime, maxThreads: 2 });
    const results = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? pool.run(faults.exits, [i + 1]) : pool.run(add, [i, 0]))));
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value : `exit ${result.reason.exitCode}`))).toEqual(
      results.map((_, i) => (i % 3 === 0 ? `exit ${i + 1}` : i)),
    );
    await expectCapacity(pool, 2);
  });

  it.each([
    ['an exception from a timer', faults.throwsLater, 'thrown from a timer'],
    ['an unhandled rejection', faults.rejectsLater, 'rejected by nobody'],
  ])('%s rejects the running call, with its cause', async (_what, task, message) => {
    const { pool, expectWhole } = await withSibling(runtime);
    const error = await rejection(pool.run(task, []));
    expect(error).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED' });
    // A process writes the reason on its stderr only.
    if (runtime === 'threads') expect(error.cause).toMatchObject({ name: 'RangeError', message });
    await expectWhole();
  });

  it('out of memory is an error with its own class', async () => {
    const { pool, expectWhole } = await withSibling(runtime);
    const error = await rejection(pool.run(faults.eatsMemory, []));
    expect(error).toMatchObject({ code: 'OFFLOOP_WORKER_OOM', name: 'WorkerOutOfMemoryError' });
    await expectWhole();
  });

  it('an infinite loop with a timeout rejects with the stack', async () => {
    const { pool, expectWhole } = await withSibling(runtime);
    expect(await rejection(pool.run(spins, [], { timeout: 60 }))).toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
    await expectWhole();
  });

  it('a regular expression that backtracks for ever, with a timeout, rejects with the stack', async () => {
    const { pool, expectWhole } = await withSibling(runtime);
    const error = await rejection(pool.run(faults.backtracks, [`${'a'.repeat(60)}!`], { timeout: 60 }));
    expect(error).toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
    if (runtime === 'threads') expect(error.workerStack).toMatch(/at RegExp\.test .*\n.*at backtracks/);
    await expectWhole();
  });

  it('an idle worker that ends is replaced, costs no task, and causes a warning', async () => {
    const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve));
    const pool = poolFor({ runtime, maxThreads: 1 });
    expect(await pool.run(faults.leavesBomb, [])).toBe('answered');
    const { code, message } = await warned;
    expect({ code, message }).toEqual({ code: 'OFFLOOP_WORKER_CRASHED', message: expect.stringMatching(/idle worker.*'pool'.*exit code 9.*no task was lost/s) });
    await expectCapacity(pool, 1);
    expect(pool.stats().workers.crashed).toBe(1);
  });
});

describe('a worker process', () => {
  it.each([
    ['is killed', faults.killsItself, 'SIGKILL'],
    ['aborts', faults.aborts, 'SIGABRT'],
  ])('that %s rejects its own call with the signal', async (_what, task, signal) => {
    const { pool, expectWhole } = await withSibling('processes');
    const error = await rejection(pool.run(task, [signal]));
    expect(error).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', exitCode: null, message: expect.stringContaining(`the signal ${signal}`) });
    await expectWhole({ crashed: 1 });
  });

  it('that is killed while it is idle costs no task', async () => {
    const pool = poolFor({ runtime: 'processes', maxThreads: 1 });
    const warned = new Promise((resolve) => process.once('warning', resolve));
    process.kill(await pool.run(faults.pid, []), 'SIGKILL');
    expect(await warned).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', message: expect.stringContaining('SIGKILL') });
    await expectCapacity(pool, 1);
  });
});

it('a thread cannot abort: Node refuses, and the thread lives', async () => {
  const pool = poolFor({ maxThreads: 1 });
  expect(await rejection(pool.run(faults.aborts, [undefined]))).toMatchObject({ code: 'ERR_WORKER_UNSUPPORTED_OPERATION' });
  await expectCapacity(pool, 1);
  expect(pool.stats().workers).toMatchObject({ started: 1, crashed: 0 });
});
