import { createPool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { looksAtView, returnsIt, returnsViews } from '../../fixtures/context/values.js';
import { rejection, settled } from '../errors/rejection.ts';
import { runtimes } from '../../pool/helpers.ts';

describe.each(runtimes)('a view of a larger buffer, with %s,', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  const memory = new TextEncoder().encode('neighbour mine neighbour').buffer;
  const views: Record<string, ArrayBufferView> = {
    Buffer: Buffer.from(memory, 10, 4),
    Uint8Array: new Uint8Array(memory, 10, 4),
    Uint16Array: new Uint16Array(memory, 10, 2),
    DataView: new DataView(memory, 10, 4),
  };

  it.each(Object.entries(views))('arrives with its own bytes and no others: %s', async (name, view) => {
    expect(await settled(pool.run(looksAtView, [view]))).toEqual([name, 4, 4, 'mine']);
    expect([view.buffer, view.byteOffset]).toEqual([memory, 10]);
  });

  it('takes none of its neighbours along where it is a small Buffer, which is a part of shared memory', async () => {
    expect(await settled(pool.run(looksAtView, [Buffer.from('mine')]))).toEqual(['Buffer', 4, 4, 'mine']);
  });

  it('comes back with its own bytes and no others, deep in a result', async () => {
    const { buffer, bytes, data, wide } = await settled(pool.run(returnsViews, []));
    for (const view of [buffer, bytes, data, wide]) expect([view.byteLength, view.buffer.byteLength]).toEqual([4, 4]);
    expect([Buffer.isBuffer(buffer), String(buffer)]).toEqual([true, 'mine']);
  });

  it('is one object in two places, in copies of its holders, and no other part changes', async () => {
    const view = Buffer.from('mine');
    const holder = { view };
    const value: Record<string, unknown> = { holder, again: holder, list: Object.assign(new Array<unknown>(3), { 0: view, 2: 1 }), map: new Map<unknown, unknown>([[holder, view]]), set: new Set([view, 2]) };
    value.self = value;
    const back = (await settled(pool.run(returnsIt, [value]))) as any;
    expect(back.self).toBe(back);
    expect(back.again).toBe(back.holder);
    expect([...back.map.keys()][0]).toBe(back.holder);
    for (const same of [back.list[0], [...back.map.values()][0], [...back.set][0]]) expect(same).toBe(back.holder.view);
    expect([Buffer.isBuffer(back.holder.view), 1 in back.list, back.list.length, [...back.set][1]]).toEqual([true, false, 3, 2]);
    expect(holder.view).toBe(view);
  });

  it('shares its buffer still, where that is sent as a whole', async () => {
    const back = (await settled(pool.run(returnsIt, [{ memory, view: views.Uint8Array }]))) as any;
    expect(back.view.buffer).toBe(back.memory);
  });

  it('is not copied where its buffer is transferred', async () => {
    const bytes = Buffer.alloc(100, 'a');
    const handed = new Uint8Array(bytes.buffer.slice(0), 10, 5);
    expect((await settled(pool.run(looksAtView, [handed], { transfer: [handed.buffer] }))).slice(0, 3)).toEqual(['Uint8Array', 5, 100]);
    expect(handed.byteLength).toBe(0);
  });

  it('is not blamed where the transfer list is at fault', async () => {
    const bytes = new Uint8Array(8);
    const refused = await rejection(pool.run(looksAtView, [bytes], { transfer: [bytes.buffer, bytes.buffer] }));
    expect(refused).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE', path: 'transfer', message: expect.stringMatching(/^The transfer list cannot be used: .*[^.]\. List each/) });
  });

  if (runtime === 'processes') {
    it('is refused because of its shared memory, and not of its class', async () => {
      const shared = await rejection(pool.run(looksAtView, [new Uint8Array(new SharedArrayBuffer(8))]));
      expect(shared).toMatchObject({ path: 'args[0]', message: expect.stringMatching(/Uint8Array on shared memory, which cannot cross to another process/) });
    });
  }
});
