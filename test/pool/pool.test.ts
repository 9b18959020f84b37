import { createPool, OptionError, type Pool } from 'offloop';
import { describe, expect, it } from 'vitest';

import { leavesMark, waitsAt } from '../fixtures/gates.js';
import { increments, pairAt, pairAtGate, throwsAt, waitsItsTurn } from '../fixtures/items.js';
import { leavesTimer } from '../fixtures/leaves.js';
import { runsNestedPool } from '../fixtures/nests.js';
import { memory } from '../fixtures/memory.js';
import { add, environment, place } from '../fixtures/places.js';
import { wasPreloaded } from '../fixtures/reads-global.js';
import { expectCapacity, gate, observed, poolFor, rejection, runtimes, workers } from './helpers.ts';

function* numbers(count: number): Generator<number> {
  for (let n = 0; n < count; n++) yield n;
}

describe.each(runtimes)('a pool of %s', (runtime) => {
  it('runs the function on the thread of its runtime', async () => {
    const pool = poolFor({ runtime });
    const { pid, threadId } = await pool.run(place, []);
    expect(pid === process.pid).toBe(runtime !== 'processes');
    expect(threadId > 0).toBe(runtime === 'threads');
    expect(await pool.run(add, [1, 2])).toBe(3);
  });

  it('runs as many tasks at once as it has workers, and the next call waits', async () => {
    const pool = poolFor({ runtime, maxThreads: 2 });
    await expectCapacity(pool, 2);
    const { path, open } = gate();
    const two = [pool.run(waitsAt, [path, 1]), pool.run(waitsAt, [path, 2])];
    const mark = gate();
    const third = pool.run(leavesMark, [mark.path]);
    expect(pool.stats()).toMatchObject({ queue: { waiting: 1 }, workers: { busy: 2, idle: 0 } });
    expect(mark.isOpen()).toBe(false);
    open();
    await Promise.all([...two, third]);
    expect(mark.isOpen()).toBe(true);
  });

  it('runs the call of larger priority first, and among equals the earliest call', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const { path, open } = gate();
    const holding = pool.run(waitsAt, [path, 0]);
    const order: string[] = [];
    const call = async (name: string, priority?: number) => {
      await pool.run(add, [1, 1], priority === undefined ? {} : { priority });
      order.push(name);
    };
    const calls = [call('a'), call('low', -1), call('high', 5), call('b'), call('higher', 7.5), call('high too', 5)];
    open();
    await Promise.all([holding, ...calls]);
    expect(order).toEqual(['higher', 'high', 'high too', 'a', 'b', 'low']);
  });

  it('refuses the call that no longer fits into the queue, and ready() resolves when there is room', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, maxQueue: 2, name: 'small' });
    const { path, open } = gate();
    const calls = [1, 2, 3].map((i) => pool.run(waitsAt, [path, i]));
    const refused = await rejection(pool.run(add, [1, 1]));
    expect(refused).toMatchObject({ code: 'OFFLOOP_QUEUE_FULL', name: 'QueueFullError' });
    expect(refused.message).toMatch(/'add'.*2 calls.*'small'.*ready\(\)/s);
    let hasRoom = false;
    const room = pool.ready().then(() => { hasRoom = true; });
    await Promise.resolve();
    expect(hasRoom).toBe(false);
    open();
    await room;
    expect(await pool.run(add, [1, 1])).toBe(2);
    expect(await Promise.all(calls)).toEqual([1, 2, 3]);
    await pool.ready();
  });

  it('resolves every ready() once there is room, also if an earlier waiter made no call', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, maxQueue: 1 });
    const { path, open } = gate();
    const calls = [1, 2].map((i) => pool.run(waitsAt, [path, i]));
    const waiting = [pool.ready(), pool.ready(), pool.ready()];
    open();
    await Promise.all([...calls, ...waiting]);
  });

  it('resolves no more ready() than there are queue slots, and a map takes none of the reserved slots', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, maxQueue: 3 });
    const { path, open } = gate();
    const holding = pool.run(waitsAt, [path, 0]);
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const givenUp = [1, 2, 3].map((i) => rejection(pool.run(add, [i, 1], { signal })));
    const mapped = pool.map(increments, [1, 2, 3, 4, 5, 6]).toArray();
    const calls = [10, 20, 30, 40].map(async (n) => {
      await pool.ready();
      return pool.run(add, [n, 1]);
    });
    // Three queue slots become free, one after the other, before any caller has its turn.
    giveUp.abort();
    await Promise.all(givenUp);
    open();
    expect(await Promise.all([holding, ...calls])).toEqual([0, 11, 21, 31, 41]);
    expect(await mapped).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it('reserves a queue slot for one waiter only: callers that wait at once are let in when they can call', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, maxQueue: 1 });
    const calls = Array.from({ length: 20 }, async (_, i) => {
      await pool.ready();
      return pool.run(add, [i, 1]);
    });
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('queues nothing with maxQueue 0, and runs as many calls as it has workers', async () => {
    const pool = poolFor({ runtime, maxThreads: 2, maxQueue: 0 });
    const { path, open } = gate();
    const calls = [1, 2].map((i) => pool.run(waitsAt, [path, i]));
    expect(await rejection(pool.run(add, [1, 1]))).toMatchObject({ code: 'OFFLOOP_QUEUE_FULL' });
    open();
    expect(await Promise.all(calls)).toEqual([1, 2]);
  });

  it('counts its calls, in plain data', async () => {
    const pool = poolFor({ runtime, maxThreads: 2, name: 'counted' });
    for (let i = 0; i < 5; i++) await pool.run(add, [i, 1]);
    await rejection(pool.run(add, [1, () => 1]));
    const stats = pool.stats();
    expect(structuredClone(stats)).toEqual(stats);
    expect(stats).toMatchObject({ name: 'counted', state: 'running', queue: { waiting: 0, max: 10_000 } });
    expect(stats.tasks.add).toMatchObject({ module: add.module, count: 6, failed: 1 });
    for (const spread of [stats.tasks.add!.wait, stats.tasks.add!.run, stats.tasks.add!.overhead]) {
      expect(spread.p50).toBeGreaterThan(0);
      expect(spread.p99).toBeGreaterThanOrEqual(spread.p50);
      expect(spread.max).toBeGreaterThanOrEqual(spread.p99 * 0.99);
    }
  });

  it('loads the preload modules before the first task', async () => {
    const pool = poolFor({ runtime, preload: [new URL('../fixtures/marks-global.js', import.meta.url)] });
    expect(await pool.run(wasPreloaded, [])).toBe(true);
  });

  it('names the preload module that cannot be loaded, in the error of every task', async () => {
    const missing = new URL('../fixtures/is-not-there.js', import.meta.url);
    const pool = poolFor({ runtime, preload: [missing] });
    for (const attempt of [1, 2]) {
      const error = await rejection(pool.run(add, [attempt, 1]));
      expect(error).toMatchObject({ code: 'OFFLOOP_MODULE_LOAD', name: 'ModuleLoadError' });
      expect(error.message).toContain(missing.href);
    }
  });
});

describe.each(workers)('workers as %s', (runtime) => {
  it('start with the first task, as many as minThreads, and not before', async () => {
    const pool = poolFor({ runtime, minThreads: 2, maxThreads: 3 });
    expect(pool.stats().workers.started).toBe(0);
    await pool.run(add, [1, 1]);
    expect(pool.stats().workers).toMatchObject({ started: 2, idle: 2, max: 3 });
  });

  it('are stopped after idleTimeout, down to minThreads', async () => {
    const pool = poolFor({ runtime, minThreads: 1, maxThreads: 3, idleTimeout: 20 });
    await expectCapacity(pool, 3);
    await expect.poll(() => pool.stats().workers.idle, { timeout: 20_000 }).toBe(1);
    await expectCapacity(pool, 3);
  });

  it('are fresh for every task with isolate, and the pool keeps its size', async () => {
    const pool = poolFor({ runtime, isolate: true, maxThreads: 2 });
    const places = [];
    for (let i = 0; i < 3; i++) places.push(await pool.run(place, []));
    expect(places.map(({ calls }) => calls)).toEqual([1, 1, 1]);
    expect(new Set(places.map(({ pid, threadId }) => `${pid}/${threadId}`)).size).toBe(3);
    await expectCapacity(pool, 2);
  });

  it('are replaced after maxTasksPerWorker tasks', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, maxTasksPerWorker: 2 });
    const calls = [];
    for (let i = 0; i < 5; i++) calls.push((await pool.run(place, [])).calls);
    expect(calls).toEqual([1, 2, 1, 2, 1]);
    expect(pool.stats().workers.replaced).toBe(2);
  });

  it('are replaced when they use more than maxMemoryBeforeRecycle', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, maxMemoryBeforeRecycle: 1 });
    expect((await pool.run(place, [])).calls).toBe(1);
    expect((await pool.run(place, [])).calls).toBe(1);
    const roomy = poolFor({ runtime, maxThreads: 1, maxMemoryBeforeRecycle: 2 ** 40 });
    expect((await roomy.run(place, [])).calls).toBe(1);
    expect((await roomy.run(place, [])).calls).toBe(2);
  });

  it('get the environment of this process and what `env` adds', async () => {
    const pool = poolFor({ runtime, env: { OFFLOOP_TEST: 'yes' } });
    expect(await pool.run(environment, ['OFFLOOP_TEST'])).toMatchObject({ value: 'yes', path: process.env.PATH });
  });

  it('get the flags of `execArgv`', async () => {
    const pool = poolFor({ runtime, execArgv: ['--no-warnings'] });
    expect((await pool.run(environment, ['x'])).execArgv).toContain('--no-warnings');
  });

  it('measure their memory as Node does, and so do the threads that a task starts', async () => {
    const pool = poolFor({ runtime });
    const { own, nested, execArgv } = await pool.run(memory, []);
    for (const { rss, heapUsed } of [own, nested]) {
      expect(rss).toBeGreaterThan(2 ** 20);
      expect(heapUsed).toBeGreaterThan(2 ** 18);
    }
    expect(execArgv.join(' ')).not.toContain('preload.cjs');
  });

  it('that cannot be started fail the call, with an error that says what to check', async () => {
    const pool = poolFor({ runtime: 'threads', execArgv: ['--no-such-flag-for-node'] });
    const errors = await Promise.all([rejection(pool.run(add, [1, 1])), rejection(pool.run(add, [1, 1]))]);
    for (const error of errors) expect(error).toMatchObject({ code: 'OFFLOOP_OPTION' });
    expect(errors[0].message).toMatch(/could not start a worker.*execArgv/s);
  });

  it('that are created by a task run in that task\'s own worker', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const { outer, inner } = await pool.run(runsNestedPool, []);
    expect(inner).toBe(outer);
  });
});

describe('an idle thread', () => {
  it('continues the work that a task has left behind: timers, exporters, sockets', async () => {
    const pool = poolFor({ maxThreads: 1 });
    const counter = new Int32Array(new SharedArrayBuffer(4));
    await pool.run(leavesTimer, [counter]);
    for (const later of [10, 20, 30]) {
      await expect.poll(() => Atomics.load(counter, 0), { timeout: 20_000 }).toBeGreaterThan(later);
      // A task wakes the worker, and afterwards its event loop turns again.
      expect(await pool.run(add, [1, 1])).toBe(2);
    }
    expect(pool.stats().workers.started).toBe(1);
  });
});

describe('pool.map', () => {
  it('gives the results in the order of the items', async () => {
    const pool = poolFor({ maxThreads: 2 });
    const results = pool.map(waitsItsTurn, [3, 1, 2]);
    expect(await results.toArray()).toEqual([3, 1, 2]);
  });

  it('gives the results as they are done with ordered: false', async () => {
    const pool = poolFor({ maxThreads: 2 });
    const { path, open } = gate();
    const items: [string, string][] = [[path, 'late'], [import.meta.filename, 'early']];
    const results: unknown[] = [];
    for await (const result of pool.map(pairAt, items, { ordered: false })) {
      results.push(result);
      open();
    }
    expect(results).toEqual(['early', 'late']);
  });

  it('pulls no more items than it keeps in flight', async () => {
    const pool = poolFor({ maxThreads: 2 });
    let pulled = 0;
    function* endless(): Generator<number> {
      for (;;) yield pulled++;
    }
    const results: unknown[] = [];
    for await (const result of pool.map(waitsItsTurn, endless(), { concurrency: 3 })) {
      results.push(result);
      expect(pulled - results.length).toBeLessThanOrEqual(3);
      if (results.length === 10) break;
    }
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('stops pulling at the first error, closes the source and aborts the rest', async () => {
    const pool = poolFor({ maxThreads: 2 });
    let isClosed = false;
    async function* source(): AsyncGenerator {
      try {
        for (;;) yield (() => 1);
      } finally {
        isClosed = true;
      }
    }
    expect(await rejection(pool.map(waitsItsTurn, source() as AsyncGenerator<number>).toArray())).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE' });
    expect(isClosed).toBe(true);
  });

  it('keeps more short items in flight, and they share messages', async () => {
    const pool = poolFor({ maxThreads: 2 });
    await Promise.all(Array.from({ length: 50 }, () => pool.run(add, [1, 2])));
    const before = pool.stats().workers.messages;
    expect(await pool.map(increments, numbers(5000)).toArray()).toEqual([...numbers(5000)].map((n) => n + 1));
    expect(pool.stats().workers.messages - before).toBeLessThan(1500);
  });

  it('reports its progress, also after an error, and then pulls no more items', async () => {
    const pool = poolFor({ maxThreads: 1 });
    const results = pool.map(throwsAt, [1, 2, 13, 4, 5, 6, 7, 8], { concurrency: 1 });
    expect(results.progress).toEqual({ pulled: 0, done: 0 });
    expect(await rejection(results.toArray())).toMatchObject({ message: 'thirteen' });
    expect(results.progress).toEqual({ pulled: 3, done: 2 });
  });

  it('gives the results before the error, in order', async () => {
    const pool = poolFor({ maxThreads: 2 });
    const seen: unknown[] = [];
    const all = (async () => {
      for await (const result of pool.map(throwsAt, [1, 2, 13, 4])) seen.push(result);
    })();
    expect(await rejection(all)).toMatchObject({ message: 'thirteen' });
    expect(seen).toEqual([1, 2]);
  });

  it('rejects with the reason of its signal, also while it waits for its source', async () => {
    const pool = poolFor({ maxThreads: 1 });
    const controller = new AbortController();
    let isClosed = false;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => (controller.signal.aborted ? Promise.reject(new Error('asked again')) : new Promise(() => controller.abort('enough'))),
        return: async () => { isClosed = true; return { done: true, value: undefined }; },
      }),
    };
    expect(await rejection(pool.map(increments, source, { signal: controller.signal }).toArray())).toBe('enough');
    expect(isClosed).toBe(true);
  });

  it('stops the running items when its signal aborts', async () => {
    const pool = poolFor({ maxThreads: 2, abortGrace: 10_000 });
    const controller = new AbortController();
    const { path } = gate();
    const { options, started } = observed({ signal: controller.signal });
    const all = rejection(pool.map(pairAtGate, [path, path], options).toArray());
    await started;
    controller.abort('enough');
    expect(await all).toBe('enough');
    expect(await pool.run(add, [1, 2])).toBe(3);
    expect(pool.stats().workers.replaced).toBe(0);
  });

  it('waits where other calls fill the queue', async () => {
    const { pool, release } = await fullPool();
    const mapped = pool.map(increments, [1, 2, 3]).toArray();
    const released = release();
    expect(await mapped).toEqual([2, 3, 4]);
    await released;
  });

  it('can be aborted while it waits for the queue', async () => {
    const { pool, release } = await fullPool();
    const controller = new AbortController();
    const mapped = rejection(pool.map(increments, [1, 2, 3], { signal: controller.signal }).toArray());
    controller.abort('enough');
    expect(await mapped).toBe('enough');
    await release();
  });

  it.each([0, 1, 3])('pulls no more items than a queue of %d and its free workers take', async (maxQueue) => {
    const pool = poolFor({ maxThreads: 2, maxQueue });
    expect(await pool.map(increments, numbers(50)).toArray()).toEqual([...numbers(50)].map((n) => n + 1));
    expect(await pool.map(increments, numbers(50), { concurrency: 20 }).toArray()).toEqual([...numbers(50)].map((n) => n + 1));
  });

  it('waits with an item that arrives after other calls have filled the queue', async () => {
    const pool = poolFor({ maxThreads: 1, maxQueue: 1 });
    const { path, open } = gate();
    const others: Promise<unknown>[] = [];
    async function* source(): AsyncGenerator<number> {
      others.push(pool.run(waitsAt, [path, 1]), pool.run(waitsAt, [path, 2]));
      yield 1;
    }
    const mapped = pool.map(increments, source()).toArray();
    open();
    expect(await mapped).toEqual([2]);
    expect(await Promise.all(others)).toEqual([1, 2]);
  });

  it('gives finished results while its source is slow', async () => {
    const pool = poolFor({ maxThreads: 1 });
    const { isOpen, open } = gate();
    async function* source(): AsyncGenerator<number> {
      yield 1;
      // The source goes on only when the first result has been read.
      while (!isOpen()) await new Promise((resolve) => setImmediate(resolve));
      yield 2;
    }
    const results: number[] = [];
    for await (const result of pool.map(increments, source())) {
      results.push(result);
      open();
    }
    expect(results).toEqual([2, 3]);
  });

  it('refuses wrong options at once', () => {
    const pool = poolFor({});
    expect(() => pool.map(waitsItsTurn, [1], { concurrency: 0 })).toThrow(OptionError);
  });
});

describe('options', () => {
  it.each([
    [{ maxQueue: -1 }, 'createPool(): expected `maxQueue` to be a whole number, 0 or more, got `-1` (number).'],
    [{ maxThreads: 1.5 }, 'createPool(): expected `maxThreads` to be a positive integer, got `1.5` (number).'],
    [{ minThreads: 3, maxThreads: 2 }, 'createPool(): expected `minThreads` to be at most `maxThreads` (`2` (number)), got `3` (number).'],
    [{ runtime: 'fibers' }, "createPool(): expected `runtime` to be 'threads' or 'processes' or 'inline', got `'fibers'` (string)."],
    [{ context: 'some' }, "createPool(): expected `context` to be 'all', 'none' or an array of what carry() returned, got `'some'` (string)."],
    [{ context: [{}] }, 'createPool(): expected what carry() returned, got `{}` (object).'],
    [{ preload: ['./relative.js'] }, 'createPool(), preload: expected the module to be `import.meta`, a file: URL or an absolute path, got `\'./relative.js\'` (string).'],
    [{ timeout: 0 }, 'createPool(): expected `timeout` to be a positive number of milliseconds, got `0` (number).'],
    [{ env: { A: 1 } }, 'createPool(): expected `env` to be an object of strings, got `{ A: 1 }` (object).'],
  ])('%o are refused: %s', (options, message) => {
    let error: unknown;
    try {
      createPool(options as never);
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: 'OFFLOOP_OPTION', message });
  });

  it('are listed in the error when one is unknown', () => {
    expect(() => createPool({ maxThread: 2 } as never)).toThrow(/no option `maxThread`.*`maxThreads`/s);
  });

  it('are copied, so a later change has no effect', async () => {
    const options = { maxThreads: 1 };
    const pool = poolFor(options);
    options.maxThreads = 8;
    await pool.run(add, [1, 1]);
    expect(pool.stats().workers.max).toBe(1);
  });

  it('cannot make a task of a plain function: run() refuses the function and says how to make a task', async () => {
    const pool = poolFor({});
    const error = await rejection(pool.run(function validate() {} as never, []));
    expect(error).toMatchObject({ code: 'OFFLOOP_OPTION' });
    expect(error.message).toMatch(/offload\(\).*validate.*pool\.tasks\(url\)/s);
  });

  it('of run() are refused at once when they are wrong', async () => {
    const pool = poolFor({});
    expect((await rejection(pool.run(add, [1, 1], { timeout: -1 }))).message).toBe(
      "pool.run('add'): expected `timeout` to be a positive number of milliseconds, got `-1` (number).",
    );
    expect((await rejection(pool.run(add, [1, 1], { signal: {} as never }))).code).toBe('OFFLOOP_OPTION');
    expect((await rejection(pool.run(add, [1, 1], { timeOut: 3 } as never))).message).toContain('no option `timeOut`');
    expect((await rejection(pool.run(add, 'ab' as never))).message).toContain('in an array');
    expect(pool.stats().workers.started).toBe(0);
  });
});

/** A pool whose worker is held up, and which accepts no further call, until `release`. */
async function fullPool(): Promise<{ pool: Pool; release(): Promise<unknown> }> {
  const pool = poolFor({ maxThreads: 1, maxQueue: 1 });
  const { path, open } = gate();
  const { options, started } = observed();
  const calls = [pool.run(waitsAt, [path, 0], options)];
  await started;
  calls.push(pool.run(add, [1, 2]));
  return {
    pool,
    release: () => {
      open();
      return Promise.all(calls);
    },
  };
}
