import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';

import { capture, carry, withDeadline, type MapResult } from 'offloop';
import { describe, expect, it, onTestFinished } from 'vitest';

import { mapsInside } from '../../fixtures/context/maps-inside.js';
import { readDeadlines } from '../../fixtures/context/reads-deadlines.js';
import { readStores, readStoresInProgress } from '../../fixtures/context/reads-stores.js';
import { requestStore } from '../../fixtures/context/request-store.js';
import { traceStore } from '../../fixtures/context/trace-store.js';
import { poolFor, rejection, runtimes } from '../helpers.ts';

/** A store that is not carried. */
const own = new AsyncLocalStorage<string>();

/** Reads the results item by item, in another request. */
async function readElsewhere<R>(results: MapResult<R>): Promise<R[]> {
  const read = async (): Promise<R[]> => {
    const all: R[] = [];
    for await (const result of results) {
      all.push(result);
      expect([requestStore.getStore(), own.getStore()]).toEqual(['the reader’s', 'the reader’s own']);
    }
    return all;
  };
  return requestStore.run('the reader’s', () => own.run('the reader’s own', () => withDeadline(3_600_000, read)));
}

describe.each(runtimes)('a map on %s that one request has called and another request reads', (runtime) => {
  it('runs its tasks with the stores of its caller, as they were at the call', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const store = { id: 'r-1' };
    const call = (options = {}): MapResult<any> => requestStore.run(store, () => pool.map(readStores as never, [1, 2, 3], { concurrency: 1, ...options }));
    const calls = [call(), call({ context: 'inherit' }), call({ context: 'none' }), call({ context: capture() }), call({ context: traceStore.run('t', () => capture()) })];
    store.id = 'changed';
    const requests = (await Promise.all(calls.map((results) => readElsewhere(results)))).map((all) => [all.length, all.map(({ request, trace }) => request?.id ?? trace)[2]]);
    expect(requests).toEqual([[3, 'r-1'], [3, 'r-1'], [3, undefined], [3, undefined], [3, 't']]);
    const collected = requestStore.run('r-1', () => pool.map(readStores as never, [1])).toArray();
    expect(await collected).toMatchObject([{ request: 'r-1' }]);
  });

  it('has the deadline of its caller, and not of the reader', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const later = Date.now() + 7_200_000;
    const results = withDeadline(7_200_000, () => pool.map(readDeadlines as never, [1]));
    const [{ ofTask }] = await readElsewhere<any>(results) as [{ ofTask: number }];
    expect(ofTask).toBeGreaterThanOrEqual(later);
    const without = await readElsewhere<any>(pool.map(readDeadlines as never, [1]));
    expect(without).toMatchObject([{ ofTask: undefined }]);
    const missed = withDeadline(0, () => pool.map(readDeadlines as never, [1]));
    expect(await rejection(missed.toArray())).toMatchObject({ code: 'OFFLOOP_DEADLINE' });
  });

  it('calls its source and its progress listener in the context of its caller', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const seen: unknown[] = [];
    const look = (): void => { seen.push([requestStore.getStore(), own.getStore()]); };
    const answers = { next: () => { look(); return { done: seen.length > 9, value: 1 }; }, return: () => { look(); return { done: true, value: undefined }; } };
    const sources = [
      { [Symbol.iterator]: () => { look(); return answers; } },
      { [Symbol.asyncIterator]: () => { look(); return { next: async () => answers.next() }; } },
      (async function* source() { for (let i = 0; i < 4; i++) { look(); yield 1; await Promise.resolve(); look(); } })(),
    ];
    for (const items of sources) {
      const results = requestStore.run('r-1', () => own.run('the caller’s', () => pool.map(readStoresInProgress as never, items as never, { concurrency: 1, onProgress: look })));
      await readElsewhere(results);
      expect(seen.length).toBeGreaterThan(4);
      expect(new Set(seen.splice(0).map(String))).toEqual(new Set(['r-1,the caller’s']));
    }
    const endless = { [Symbol.iterator]: () => ({ ...answers, next: () => { look(); return { done: false, value: 1 }; } }) };
    const results = requestStore.run('r-1', () => own.run('the caller’s', () => pool.map(readStores as never, endless as never)));
    await requestStore.run('the reader’s', async () => { for await (const _result of results) break; });
    expect(new Set(seen.map(String))).toEqual(new Set(['r-1,the caller’s']));
  });

  it('rejects where its results are read when a store cannot travel, and reads nothing from its source', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    let asked = 0;
    const items = { [Symbol.iterator]: () => ({ next: () => { asked++; return { done: true, value: undefined }; } }) };
    const results = requestStore.run({ send: () => undefined }, () => pool.map(readStores as never, items as never));
    expect(await rejection(results.toArray())).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: 'request' });
    expect(await rejection(results[Symbol.asyncIterator]().next())).toMatchObject({ code: 'OFFLOOP_CONTEXT' });
    expect(await rejection(pool.map(readStores as never, [1], { context: { version: 2 } as never }).toArray())).toMatchObject({ code: 'OFFLOOP_CONTEXT' });
    expect(asked).toBe(0);
    expect(await pool.run(readStores, [])).toMatchObject({ request: undefined });
  });

  it('is traced in the context of its caller, and carries the value that a tracer binds to each item', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const channel = tracingChannel('offloop:task');
    const seen: unknown[] = [];
    let spans = 0;
    const onStart = (): void => { seen.push(own.getStore()); };
    channel.start.bindStore(traceStore, () => `span ${String(++spans)}`);
    subscribe('tracing:offloop:task:start', onStart);
    onTestFinished(() => {
      channel.start.unbindStore(traceStore);
      unsubscribe('tracing:offloop:task:start', onStart);
    });
    const store = { id: 'r-1' };
    const results = requestStore.run(store, () => own.run('the caller’s', () => traceStore.run('outer', () => pool.map(readStores as never, [1, 2], { concurrency: 1 }))));
    store.id = 'changed';
    expect(await readElsewhere(results)).toMatchObject([{ request: { id: 'r-1' }, trace: 'span 1' }, { request: { id: 'r-1' }, trace: 'span 2' }]);
    expect(seen).toEqual(['the caller’s', 'the caller’s']);
  });
});

it('a map encodes its stores once, however many items it has', async () => {
  const pool = poolFor({ runtime: 'inline' });
  let encoded = 0;
  const counted = new AsyncLocalStorage<number>();
  carry(import.meta, counted, { name: 'counted', encode: (value) => { encoded++; return value; } });
  expect(await counted.run(1, () => pool.map(readStores as never, new Array(20).fill(1))).toArray()).toHaveLength(20);
  expect(encoded).toBe(1);
});

it('a map in a worker has the stores of its caller, too', async () => {
  const pool = poolFor({ maxThreads: 1 });
  expect(await pool.run(mapsInside, [])).toEqual({ inTask: 'called', inSource: ['called'], afterwards: {} });
});
