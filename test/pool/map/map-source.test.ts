import { Readable } from 'node:stream';

import { createPool, type MapResult } from 'offloop';
import { describe, expect, it } from 'vitest';

import { waitsAt } from '../../fixtures/gates.js';
import { increments, pairAtGate, throwsAt } from '../../fixtures/items.js';
import { add } from '../../fixtures/places.js';
import { gate, observed, poolFor, rejection, runNode, runtimes, script } from '../helpers.ts';

/*
 * Sources that stall: a map must not wait for them. If it did, these tests would never end.
 */

const closed = { code: 'OFFLOOP_POOL_CLOSED' };

interface Stalling {
  readonly items: AsyncIterable<number>;
  /** Resolves when the map waits for an item that never comes. */
  readonly stalled: Promise<void>;
  readonly returns: () => number;
}

/** Gives these items and then never responds again, nor does its `return()`, like a stuck async generator. */
function stalling(items: readonly number[], more: { next?: AsyncIterator<number>['next']; return?: AsyncIterator<number>['return'] | undefined } = {}): Stalling {
  let returns = 0;
  let next = 0;
  let stall!: () => void;
  const stalled = new Promise<void>((resolve) => { stall = resolve; });
  const iterator = {
    next: async (): Promise<IteratorResult<number>> => {
      if (next < items.length) return { done: false, value: items[next++]! };
      stall();
      return new Promise(() => undefined);
    },
    ...more,
  };
  const giveUp = 'return' in more ? more.return : () => new Promise<never>(() => undefined);
  // A `return` that is no function is kept.
  const counted = typeof giveUp !== 'function' ? giveUp : (): ReturnType<typeof giveUp> => { returns++; return giveUp.call(iterator); };
  return { items: { [Symbol.asyncIterator]: () => ({ ...iterator, return: counted }) as AsyncIterator<number> }, stalled, returns: () => returns };
}

async function* generatorOf(items: readonly number[]): AsyncGenerator<number> {
  yield* items;
  await new Promise(() => undefined);
}

const readers: [name: string, read: (results: MapResult<any>) => Promise<unknown>][] = [
  ['toArray()', (results) => results.toArray()],
  ['for await', async (results) => { for await (const _result of results); }],
];

describe.each(runtimes)('with a source that stalls, a map on %s', (runtime) => {
  describe.each(readers)('read by %s', (_name, read) => {
    it('rejects when a task fails', async () => {
      const pool = poolFor({ runtime, maxThreads: 1 });
      const source = stalling([1, 13]);
      expect(await rejection(read(pool.map(throwsAt, source.items)))).toMatchObject({ message: 'thirteen' });
      expect(await rejection(read(pool.map(throwsAt, generatorOf([1, 13]), { ordered: false })))).toMatchObject({ message: 'thirteen' });
      expect(source.returns()).toBe(1);
    });

    it('rejects when it is aborted, with items in flight and with none', async () => {
      const pool = poolFor({ runtime, maxThreads: 1, abortGrace: 10_000 });
      const controller = new AbortController();
      const { options, started } = observed({ signal: controller.signal });
      const [none, some] = [stalling([]), stalling([1])];
      const idle = rejection(read(pool.map(increments, none.items, { signal: controller.signal })));
      const busy = rejection(read(pool.map(pairAtGate as never, withItem(some, gate().path), options)));
      await Promise.all([started, none.stalled, some.stalled]);
      controller.abort('enough');
      expect(await Promise.all([idle, busy])).toEqual(['enough', 'enough']);
      expect([none.returns(), some.returns()]).toEqual([1, 1]);
    });

    it('rejects when its deadline passes', async () => {
      const pool = poolFor({ runtime, maxThreads: 1 });
      const source = stalling([1]);
      const error = await rejection(read(pool.map(increments, source.items, { deadline: Date.now() + 30 })));
      expect(error).toMatchObject({ code: 'OFFLOOP_DEADLINE' });
      expect(source.returns()).toBe(1);
    });

    it('rejects when the pool is closed, draining or not', async () => {
      for (const drain of [true, false]) {
        const pool = poolFor({ runtime, maxThreads: 1 });
        const sources = [stalling([]), stalling([1, 2])];
        const maps = sources.map(({ items }) => rejection(read(pool.map(increments, items))));
        await Promise.all(sources.map(({ stalled }) => stalled));
        await pool.close({ drain });
        expect(await Promise.all(maps)).toMatchObject([closed, closed]);
        expect(sources.map(({ returns }) => returns())).toEqual([1, 1]);
        expect(await rejection(read(pool.map(increments, generatorOf([]))))).toMatchObject(closed);
      }
    });
  });

  it('gives the finished results before the pool has closed', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const source = stalling([1, 2]);
    const iterator = pool.map(increments, source.items)[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: 2 });
    await source.stalled;
    await pool.close();
    expect(await iterator.next()).toEqual({ done: false, value: 3 });
    expect(await rejection(iterator.next())).toMatchObject(closed);
  });

  it('releases a consumer that breaks off', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const sources = [stalling([1]), stalling([1], { return: async () => ({ done: true, value: undefined }) })];
    for (const { items, returns } of sources) {
      for await (const result of pool.map(increments, items)) {
        expect(result).toBe(2);
        break;
      }
      expect(returns()).toBe(1);
    }
    for await (const _result of pool.map(increments, generatorOf([1]))) break;
  });

  it('ends a next() that is pending when its iterator is ended', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const source = stalling([]);
    const iterator = pool.map(increments, source.items)[Symbol.asyncIterator]();
    const pending = [iterator.next(), iterator.next()];
    await source.stalled;
    expect(await iterator.return?.('left')).toEqual({ done: true, value: 'left' });
    expect(await Promise.all(pending)).toEqual([{ done: true, value: undefined }, { done: true, value: undefined }]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    const other = pool.map(increments, stalling([]).items)[Symbol.asyncIterator]();
    const waiting = other.next();
    expect(await rejection(other.throw!('thrown'))).toBe('thrown');
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(source.returns()).toBe(1);
  });

  it('rejects when a stream that waits is its source, and destroys the stream', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const controller = new AbortController();
    const stream = new Readable({ objectMode: true, read: () => undefined });
    stream.push(1);
    const iterator = pool.map(increments, stream as AsyncIterable<number>, { signal: controller.signal })[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: 2 });
    const next = rejection(iterator.next());
    controller.abort('enough');
    expect(await next).toBe('enough');
    stream.push(2);
    await expect.poll(() => stream.destroyed).toBe(true);
  });
});

/** A source whose first item is the path. */
function withItem({ items }: Stalling, path: string): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = items[Symbol.asyncIterator]();
      return {
        next: async () => ({ ...(await iterator.next()), value: path }),
        return: () => iterator.return!() as Promise<IteratorResult<unknown>>,
      };
    },
  };
}

describe('a map whose source', () => {
  const pool = createPool({ maxThreads: 1, runtime: 'inline' });

  const returns: [what: string, giveUp: AsyncIterator<number>['return']][] = [
    ['throws', () => { throw new Error('no return'); }],
    ['rejects', () => Promise.reject(new Error('no return'))],
    ['never settles', () => new Promise(() => undefined)],
    ['is no function', 7 as never],
    ['answers with rubbish', () => null as never],
    ['answers with a thenable that throws', () => ({ then: () => { throw new Error('no return'); } }) as never],
    ['answers with a thenable that cannot be read', () => Object.defineProperty({}, 'then', { get: () => { throw new Error('no return'); } }) as never],
  ];

  it.each(returns)('has a return() that %s rejects with the error of the task', async (_what, giveUp) => {
    const { items } = stalling([13], { return: giveUp });
    expect(await rejection(pool.map(throwsAt, items).toArray())).toMatchObject({ message: 'thirteen' });
    expect(await rejection(pool.map(throwsAt, { [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 13 }), return: giveUp }) as never }).toArray())).toMatchObject({ message: 'thirteen' });
  });

  it('has no return() rejects with the error of the task, and leaves the source', async () => {
    const { items } = stalling([13], { return: undefined });
    expect(await rejection(pool.map(throwsAt, items).toArray())).toMatchObject({ message: 'thirteen' });
    for await (const _result of pool.map(increments, stalling([1], { return: undefined }).items)) break;
  });

  it('fails to clean up rejects in the consumer that breaks off', async () => {
    const { items } = stalling([1], { return: () => Promise.reject(new Error('not cleaned up')) });
    const broken = (async () => { for await (const _result of pool.map(increments, items)) break; })();
    expect(await rejection(broken)).toMatchObject({ message: 'not cleaned up' });
  });

  it('cleans up makes a consumer that breaks off wait for the clean-up', async () => {
    let isClean = false;
    async function* source(): AsyncGenerator<number> {
      try {
        for (;;) yield 1;
      } finally {
        await new Promise((resolve) => setImmediate(resolve));
        isClean = true;
      }
    }
    for await (const _result of pool.map(increments, source())) break;
    expect(isClean).toBe(true);
  });

  it.each([
    ['next()', () => ({ next: () => { throw new Error('thrown'); } })],
    ['[Symbol.asyncIterator]()', () => { throw new Error('thrown'); }],
  ])('throws in %s synchronously rejects, and does not call return()', async (_what, iterate) => {
    let returned = 0;
    const items = { [Symbol.asyncIterator]: () => ({ ...iterate(), return: () => { returned++; } }) as never };
    expect(await rejection(pool.map(increments, items).toArray())).toMatchObject({ message: 'thrown' });
    const iterator = pool.map(increments, items)[Symbol.asyncIterator]();
    expect(await rejection(iterator.next())).toMatchObject({ message: 'thrown' });
    expect(returned).toBe(0);
  });

  it('aborts or leaves the map while the source is being read closes the source once', async () => {
    for (const act of ['abort', 'leave'] as const) {
      const controller = new AbortController();
      let isClosed = 0;
      function* source(): Generator<number> {
        try {
          for (;;) {
            yield 1;
            if (act === 'abort') controller.abort('enough');
            else void iterator.return?.();
          }
        } finally {
          isClosed++;
        }
      }
      const iterator: AsyncIterator<number> = pool.map(increments, source(), { signal: controller.signal, concurrency: 4 })[Symbol.asyncIterator]();
      if (act === 'abort') expect(await rejection(iterator.next())).toBe('enough');
      else expect(await iterator.next()).toEqual({ done: true, value: undefined });
      await new Promise((resolve) => setImmediate(resolve));
      expect(isClosed).toBe(1);
    }
  });

  it('would be read after an abort does not read the source', async () => {
    let asked = 0;
    const source = stalling([1], { next: async () => ({ done: false, value: asked++ }) });
    expect(await rejection(pool.map(increments, source.items, { signal: AbortSignal.abort('before') }).toArray())).toBe('before');
    expect([asked, source.returns()]).toEqual([0, 1]);
  });

  it('ends while its pool drains gives all its results', async () => {
    const own = poolFor({ runtime: 'inline', maxThreads: 1 });
    const { path, open } = gate();
    const drained = own.run(waitsAt, [path, 1]);
    let end!: () => void;
    const ended = new Promise<void>((resolve) => { end = resolve; });
    async function* source(): AsyncGenerator<number> {
      yield 1;
      await ended;
    }
    const all = own.map(increments, source()).toArray();
    await new Promise((resolve) => setImmediate(resolve));
    const closing = own.close();
    end();
    await new Promise((resolve) => setImmediate(resolve));
    open();
    expect(await all).toEqual([2]);
    expect(await drained).toBe(1);
    await closing;
  });
});

describe('an abort', () => {
  it('cancels the items of a map whose results nobody is reading', async () => {
    const pool = poolFor({ maxThreads: 1, abortGrace: 10_000 });
    const controller = new AbortController();
    const { path } = gate();
    const { options, started } = observed({ signal: controller.signal });
    const source = stalling([], { next: async () => ({ done: false, value: path as never }) });
    const iterator = pool.map(pairAtGate, source.items as never, options)[Symbol.asyncIterator]();
    const first = rejection(iterator.next());
    await started;
    controller.abort('enough');
    expect(await first).toBe('enough');
    // The item's worker is free again, though nobody reads the iterator.
    expect(await pool.run(add, [1, 2])).toBe(3);
    expect(source.returns()).toBe(1);
  });
});

describe('the process of a map whose source stalls', () => {
  it('ends by itself, without a rejection that nobody handles', async () => {
    const ran = await runNode([script('maps-stalled.js')]);
    expect(ran).toEqual({ code: 0, stdout: 'left\nthirteen\nOFFLOOP_POOL_CLOSED\n', stderr: '' });
  });
});
