import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { capture, carry, createPool, type Carrier } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { capturesAll } from '../fixtures/context/captures-all.js';
import { changesItsStore } from '../fixtures/context/changes-its-store.js';
import { listensForAbort, readsWhatListenerSaw } from '../fixtures/context/listens-for-abort.js';
import { privateStore } from '../fixtures/context/private-store.js';
import { readStores, readStoresAllAlong, readStoresInProgress } from '../fixtures/context/reads-stores.js';
import { request, requestStore } from '../fixtures/context/request-store.js';
import { trace, traceStore } from '../fixtures/context/trace-store.js';
import { waitsForLatch } from '../fixtures/context/waits-for-latch.js';

const pool = createPool({ maxThreads: 2 });
afterAll(() => pool.close());

const nothing = { request: undefined, trace: undefined, private: undefined };

describe('a carried store', () => {
  it('is alive in the worker, from the first line of the task on and after every kind of wait', async () => {
    const seen = await requestStore.run({ id: 1 }, () => traceStore.run('t', () => pool.run(readStoresAllAlong, [])));
    expect(seen).toEqual(Array.from({ length: 6 }, () => ({ request: { id: 1 }, trace: 't', private: undefined })));
  });

  it('is each of 1,000 concurrent callers’ own, in the task and, after the await, in the caller', async () => {
    const callers = Array.from({ length: 1000 }, (_, id) =>
      requestStore.run({ id }, () =>
        traceStore.run(`trace ${id}`, async () => {
          const seen = await pool.run(readStoresAllAlong, []);
          return { id, seen, after: { request: requestStore.getStore(), trace: traceStore.getStore() } };
        }),
      ),
    );
    for (const { id, seen, after } of await Promise.all(callers)) {
      expect(after).toEqual({ request: { id }, trace: `trace ${id}` });
      expect(seen).toEqual(Array.from({ length: 6 }, () => ({ ...after, private: undefined })));
    }
  });

  it('that nobody entered is absent in the task', async () => {
    expect(await pool.run(readStores, [])).toEqual(nothing);
    expect(await traceStore.run('only this one', () => pool.run(readStores, []))).toEqual({ ...nothing, trace: 'only this one' });
  });

  it('that was entered with undefined is absent in the task', async () => {
    const seen = await requestStore.run('outer', () => requestStore.run(undefined, () => pool.run(readStores, [])));
    expect(seen).toEqual(nothing);
  });

  it('may hold null, false, 0 or an empty text, which are values like any other', async () => {
    for (const value of [null, false, 0, '']) {
      expect(await requestStore.run(value, () => pool.run(readStores, []))).toEqual({ ...nothing, request: value });
    }
  });

  it('is alive in a worker that has not loaded it, though the task’s module does not import it', async () => {
    await using single = createPool({ maxThreads: 1 });
    expect(await single.run(capturesAll, [])).toEqual({});
    const { lateStore } = await import('../fixtures/context/late-store.js');
    expect(await lateStore.run('late', () => single.run(capturesAll, []))).toEqual({ late: '"late"' });
    expect(single.stats().workers.started).toBe(1);
  });

  it('whose module no worker can load is an error of that call, and not of the next call', async () => {
    const orphan = new AsyncLocalStorage();
    carry(new URL('../fixtures/context/no-such-module.js', import.meta.url), orphan, { name: 'orphan' });
    await using single = createPool({ maxThreads: 1 });
    const error = await orphan.run(1, () => single.run(readStores, [])).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ModuleLoadError', code: 'OFFLOOP_MODULE_LOAD' });
    expect((error as Error).message).toContain('no-such-module.js');
    expect(await requestStore.run('r', () => single.run(readStores, []))).toEqual({ ...nothing, request: 'r' });
  });

  it('travels with a task of the default pool, too', async () => {
    expect(await requestStore.run('r', () => readStores())).toEqual({ ...nothing, request: 'r' });
  });
});

describe('copy in, nothing back', () => {
  it('a store that is mutated right after the call arrives with its value at the call', async () => {
    const value = { id: 'before', list: [1] };
    const seen = requestStore.run(value, () => {
      const running = pool.run(readStores, []);
      value.id = 'after';
      value.list.push(2);
      requestStore.enterWith({ id: 'another', list: [] });
      return running;
    });
    expect((await seen).request).toEqual({ id: 'before', list: [1] });
  });

  it('a call that waits in the queue keeps the store’s value at the call', async () => {
    const single = createPool({ maxThreads: 1 });
    const latch = new SharedArrayBuffer(8);
    const blocker = single.run(waitsForLatch, [latch]);
    const value = { id: 'when it was called' };
    const waiting = requestStore.run(value, () => single.run(readStores, []));
    expect(single.stats().queue.waiting).toBe(1);
    value.id = 'when it was started';
    openLatch(latch);
    await blocker;
    expect((await waiting).request).toEqual({ id: 'when it was called' });
    await single.close();
  });

  it('a change that a task makes to its store stays in the task', async () => {
    const value = { id: 'mine', list: ['first'] };
    await requestStore.run(value, async () => {
      const inTheWorker = await pool.run(changesItsStore, []);
      expect(inTheWorker).toEqual({ id: 'changed', list: ['first', 'added'] });
      expect(requestStore.getStore()).toBe(value);
    });
    expect(value).toEqual({ id: 'mine', list: ['first'] });
  });

  it('the caller’s context is intact while it waits and after it has waited', async () => {
    await requestStore.run('mine', async () => {
      const running = pool.run(readStores, []);
      expect(requestStore.getStore()).toBe('mine');
      await running;
      expect(requestStore.getStore()).toBe('mine');
      await sleep(1);
      expect(requestStore.getStore()).toBe('mine');
    });
  });

  it('the caller’s context is intact after a task that failed', async () => {
    await requestStore.run('mine', async () => {
      await pool.run(changesItsStore, []).catch(() => undefined);
      expect(requestStore.getStore()).toBe('mine');
    });
  });
});

describe('an abort', () => {
  it('reaches the task in the task’s context, and leaves the caller in the caller’s context', async () => {
    await using single = createPool({ maxThreads: 1, abortGrace: 10_000 });
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    await requestStore.run('of the caller', async () => {
      const running = single.run(listensForAbort, [], {
        signal: controller.signal,
        onProgress: () => { requestStore.run('of the aborter', () => { controller.abort(reason); }); },
      });
      await expect(running).rejects.toBe(reason);
      expect(requestStore.getStore()).toBe('of the caller');
    });
    expect(await single.run(readsWhatListenerSaw, [])).toEqual(['of the caller']);
    expect(single.stats().workers).toMatchObject({ started: 1, replaced: 0 });
  });
});

describe('progress', () => {
  it('reaches the listener in the caller’s context, with carried and other stores', async () => {
    const heard: unknown[] = [];
    const onProgress = (inTheWorker: unknown) => {
      heard.push({ inTheWorker, here: requestStore.getStore(), private: privateStore.getStore() });
    };
    await Promise.all(
      ['a', 'b'].map((id) => requestStore.run(id, () => privateStore.run(`p${id}`, () => pool.run(readStoresInProgress, [], { onProgress })))),
    );
    expect(heard).toHaveLength(2);
    expect(heard).toEqual(
      expect.arrayContaining(['a', 'b'].map((id) => ({ inTheWorker: { ...nothing, request: id }, here: id, private: `p${id}` }))),
    );
  });

  it('keeps a store that its listener enters from everybody else', async () => {
    await requestStore.run('mine', async () => {
      await pool.run(readStoresInProgress, [], { onProgress: () => { requestStore.enterWith('the listener’s'); } });
      expect(requestStore.getStore()).toBe('mine');
    });
  });
});

describe('the option context of a call', () => {
  it("'none' carries nothing", async () => {
    expect(await requestStore.run('r', () => pool.run(readStores, [], { context: 'none' }))).toEqual(nothing);
  });

  it("'inherit' carries what is set, as a call without the option does", async () => {
    expect(await requestStore.run('r', () => pool.run(readStores, [], { context: 'inherit' }))).toEqual({ ...nothing, request: 'r' });
  });

  it('a carrier brings its own stores, and none of the caller’s', async () => {
    const carrier = traceStore.run('captured before', () => capture());
    const seen = await requestStore.run('now', () => pool.run(readStores, [], { context: carrier }));
    expect(seen).toEqual({ ...nothing, trace: 'captured before' });
  });

  it('a carrier works after a round trip through JSON', async () => {
    const text = JSON.stringify(requestStore.run({ id: 7n, at: new Date(0) }, () => capture()));
    const seen = await pool.run(readStores, [], { context: JSON.parse(text) as Carrier });
    expect(seen.request).toEqual({ id: 7n, at: new Date(0) });
  });

  it('a carrier of a wrong shape rejects the call', async () => {
    const calling = pool.run(readStores, [], { context: { version: 2, stores: {} } as unknown as Carrier });
    await expect(calling).rejects.toMatchObject({ code: 'OFFLOOP_CONTEXT', store: '' });
  });

  it('a carrier with a store that the worker does not know rejects the call, and the worker lives on', async () => {
    const calling = pool.run(readStores, [], { context: { version: 1, stores: { stranger: '1' } } });
    await expect(calling).rejects.toMatchObject({ name: 'ContextError', code: 'OFFLOOP_CONTEXT', store: 'stranger' });
    expect(pool.stats().workers.crashed).toBe(0);
  });

  it('works through with(), too', async () => {
    expect(await requestStore.run('r', () => readStores.with({ context: 'none' })())).toEqual(nothing);
  });
});

describe('the option context of a pool', () => {
  it("'none' carries nothing", async () => {
    await using none = createPool({ maxThreads: 1, context: 'none' });
    expect(await requestStore.run('r', () => none.run(readStores, []))).toEqual(nothing);
  });

  it('a list carries its stores and no other', async () => {
    await using some = createPool({ maxThreads: 1, context: [trace] });
    expect(await requestStore.run('r', () => traceStore.run('t', () => some.run(readStores, [])))).toEqual({ ...nothing, trace: 't' });
  });

  it('a list refuses a value that carry() did not return', () => {
    expect(() => createPool({ context: [requestStore] as never })).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
  });

  it('does not limit the carrier that a call brings itself', async () => {
    await using none = createPool({ maxThreads: 1, context: 'none' });
    const carrier = requestStore.run('r', () => capture({ only: [request] }));
    expect(await none.run(readStores, [], { context: carrier })).toEqual({ ...nothing, request: 'r' });
  });
});

function openLatch(latch: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(latch), 0, 1);
  Atomics.notify(new Int32Array(latch), 0);
}
