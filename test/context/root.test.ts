import { createPool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { entersAfterAwait, entersAndThrows, entersAtOnce, entersBeforeAwait, entersBetweenAwaits } from '../fixtures/context/enters-stores.js';
import { decodesDirtily, dirtyStore, readWhatDecodeSaw } from '../fixtures/context/enters-in-decode.js';
import { readStores, readStoresAllAlong } from '../fixtures/context/reads-stores.js';
import { requestStore } from '../fixtures/context/request-store.js';

// The pool has one worker, so that every task runs where the task before it has run.
const pool = createPool({ maxThreads: 1 });
afterAll(() => pool.close());

const nothing = { request: undefined, trace: undefined, private: undefined };
const enterers = { entersAtOnce, entersBeforeAwait, entersAfterAwait, entersBetweenAwaits, entersAndThrows };

describe.each(Object.entries(enterers))('a task that calls enterWith (%s)', (_name, enter) => {
  const enterIt = () => pool.run(enter, []).catch(() => undefined);

  it('leaves nothing to the next task, awaited', async () => {
    await enterIt();
    expect(await pool.run(readStores, [])).toEqual(nothing);
    await enterIt();
    expect(await pool.run(readStoresAllAlong, [])).toEqual(Array.from({ length: 6 }, () => nothing));
  });

  it('leaves nothing to the next task that waits in the queue already', async () => {
    const seen = await Promise.all(Array.from({ length: 20 }, () => [enterIt(), pool.run(readStores, [])] as const).map(([, reading]) => reading));
    expect(seen).toEqual(Array.from({ length: 20 }, () => nothing));
  });

  it('leaves nothing beside the stores that the next task brings', async () => {
    await enterIt();
    expect(await requestStore.run('brought', () => pool.run(readStores, []))).toEqual({ ...nothing, request: 'brought' });
    expect(await pool.run(readStores, [])).toEqual(nothing);
  });

  it('leaves nothing when the task itself had carried stores', async () => {
    await requestStore.run('brought', enterIt);
    expect(await pool.run(readStores, [])).toEqual(nothing);
  });

  it('leaves nothing as the very first task of a worker, when no store was ever entered there', async () => {
    await using fresh = createPool({ maxThreads: 1 });
    const [, seen] = await Promise.all([fresh.run(enter, []).catch(() => undefined), fresh.run(readStores, [])]);
    expect(seen).toEqual(nothing);
    expect(await fresh.run(readStoresAllAlong, [])).toEqual(Array.from({ length: 6 }, () => nothing));
  });

  it('leaves nothing in a runtime without workers either', async () => {
    await using inline = createPool({ runtime: 'inline', maxThreads: 1 });
    await inline.run(enter, []).catch(() => undefined);
    expect(await inline.run(readStores, [])).toEqual(nothing);
    expect(requestStore.getStore()).toBeUndefined();
  });
});

describe('tasks that share a message', () => {
  const sharing = createPool({ maxThreads: 1, coalesce: { budget: 1000 } });
  afterAll(() => sharing.close());

  /** Makes calls until the pool knows how short they are, so that the following calls share their messages. */
  async function afterWarmUp(calls: () => Promise<unknown>[]): Promise<unknown[]> {
    for (let i = 0; i < 10; i++) await Promise.all(calls());
    const before = sharing.stats().workers.messages;
    const running = calls();
    const results = await Promise.all(running);
    expect(sharing.stats().workers.messages - before).toBeLessThan(running.length);
    return results;
  }

  it.each(Object.entries(enterers))('leave nothing to each other: %s', async (_name, enter) => {
    const calls = () => Array.from({ length: 30 }, () => [sharing.run(enter, []).catch(() => undefined), sharing.run(readStores, [])]).flat();
    const results = await afterWarmUp(calls);
    expect(results.filter((_, at) => at % 2 === 1)).toEqual(Array.from({ length: 30 }, () => nothing));
  });

  it('have each its caller’s stores', async () => {
    const calls = () => Array.from({ length: 60 }, (_, id) => (id % 3 === 0 ? sharing.run(readStores, []) : requestStore.run({ id }, () => sharing.run(readStores, []))));
    const results = await afterWarmUp(calls);
    expect(results).toEqual(Array.from({ length: 60 }, (_, id) => ({ ...nothing, request: id % 3 === 0 ? undefined : { id } })));
  });

  it('have each its own stores, while one task’s stores cannot be restored', async () => {
    const bad = { version: 1 as const, stores: { request: 'no JSON' } };
    const calls = () =>
      Array.from({ length: 40 }, (_, id) =>
        id % 4 === 0
          ? sharing.run(readStores, [], { context: bad }).catch((error: unknown) => (error as { code: string }).code)
          : requestStore.run({ id }, () => sharing.run(readStores, [])),
      );
    const results = await afterWarmUp(calls);
    expect(results).toEqual(Array.from({ length: 40 }, (_, id) => (id % 4 === 0 ? 'OFFLOOP_CONTEXT' : { ...nothing, request: { id } })));
  });
});

it('a store’s decode sees no store that an earlier task or an earlier decode has entered', async () => {
  for (let i = 0; i < 3; i++) {
    const calls = Array.from({ length: 5 }, () => [pool.run(entersAtOnce, []), dirtyStore.run('d', () => pool.run(decodesDirtily, []))]);
    await Promise.all(calls.flat());
  }
  expect(await pool.run(readWhatDecodeSaw, [])).toEqual(Array.from({ length: 15 }, () => 'nothing'));
});
