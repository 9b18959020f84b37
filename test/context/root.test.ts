import { createPool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { entersAfterAwait, entersAndThrows, entersAtOnce, entersBeforeAwait, entersBetweenAwaits } from '../fixtures/context/enters-stores.js';
import { decodesDirtily, dirtyStore, readWhatDecodeSaw } from '../fixtures/context/enters-in-decode.js';
import { readStores, readStoresAllAlong } from '../fixtures/context/reads-stores.js';
import { requestStore } from '../fixtures/context/request-store.js';

// One worker: every task runs where the one before it has run.
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

  it('leaves nothing to the next task, which waits in the queue already', async () => {
    const seen = await Promise.all(Array.from({ length: 20 }, () => [enterIt(), pool.run(readStores, [])] as const).map(([, reading]) => reading));
    expect(seen).toEqual(Array.from({ length: 20 }, () => nothing));
  });

  it('leaves nothing beside what the next task brings', async () => {
    await enterIt();
    expect(await requestStore.run('brought', () => pool.run(readStores, []))).toEqual({ ...nothing, request: 'brought' });
    expect(await pool.run(readStores, [])).toEqual(nothing);
  });

  it('leaves nothing after stores were brought to it', async () => {
    await requestStore.run('brought', enterIt);
    expect(await pool.run(readStores, [])).toEqual(nothing);
  });

  it('leaves nothing in a runtime without workers either', async () => {
    await using inline = createPool({ runtime: 'inline', maxThreads: 1 });
    await inline.run(enter, []).catch(() => undefined);
    expect(await inline.run(readStores, [])).toEqual(nothing);
    expect(requestStore.getStore()).toBeUndefined();
  });
});

it('a store’s decode sees no store that an earlier task or an earlier decode has entered', async () => {
  for (let i = 0; i < 3; i++) {
    const calls = Array.from({ length: 5 }, () => [pool.run(entersAtOnce, []), dirtyStore.run('d', () => pool.run(decodesDirtily, []))]);
    await Promise.all(calls.flat());
  }
  expect(await pool.run(readWhatDecodeSaw, [])).toEqual(Array.from({ length: 15 }, () => 'nothing'));
});
