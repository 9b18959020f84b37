import { MessageChannel } from 'node:worker_threads';

import { createPool, currentTask, move } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { describesItself } from '../fixtures/context/describes-itself.js';
import { movesWhatItGets } from '../fixtures/context/moves-what-it-gets.js';
import { rejection } from '../wire/errors/rejection.ts';

const pool = createPool({ maxThreads: 1 });
afterAll(() => pool.close());

describe('currentTask()', () => {
  it('is undefined outside of a task', async () => {
    expect(currentTask()).toBeUndefined();
    await pool.run(describesItself, []);
    expect(currentTask()).toBeUndefined();
  });

  it('has the task’s id, its name and a signal that is not aborted, at any time while the task runs', async () => {
    const [atOnce, later, inTimer] = await pool.run(describesItself, []);
    expect(atOnce).toEqual({ id: expect.any(String), name: 'describesItself', aborted: false, deadline: undefined, sameSignal: true });
    expect(later).toEqual(atOnce);
    expect(inTimer).toEqual(atOnce);
  });

  it('has an id of its own for every call', async () => {
    const runs = await Promise.all(Array.from({ length: 10 }, () => pool.run(describesItself, [])));
    expect(new Set(runs.map(([{ id }]) => id)).size).toBe(10);
  });

  it('is undefined in the caller’s progress listener', async () => {
    const heard: unknown[] = [];
    await pool.run(describesItself, [], { onProgress: () => heard.push(currentTask()) });
    expect(heard).toEqual([undefined]);
  });

  it('exists in a pool without workers, and no longer when the task has ended', async () => {
    await using inline = createPool({ runtime: 'inline' });
    const [atOnce] = await inline.run(describesItself, []);
    expect(atOnce).toMatchObject({ name: 'describesItself' });
    expect(currentTask()).toBeUndefined();
  });
});

describe('move()', () => {
  it('returns its value, outside of a task as well', () => {
    const bytes = new Uint8Array(8);
    expect(move(bytes)).toBe(bytes);
    expect(bytes.byteLength).toBe(8);
    const nested = { bytes };
    expect(move(nested, [bytes.buffer])).toBe(nested);
    const { port1 } = new MessageChannel();
    expect(move(port1)).toBe(port1);
    port1.close();
  });

  it.each<[string, unknown, RegExp]>([
    ['text', 'bytes', /got `'bytes'` \(string\)/],
    ['an object', { bytes: new ArrayBuffer(1) }, /\(object\)/],
    ['null', null, /got `null`/],
    ['an array of buffers', [new ArrayBuffer(1)], /\(array\)/],
  ])('refuses %s without a list of objects to transfer', (_what, value, says) => {
    const act = () => move(value);
    expect(act).toThrow(expect.objectContaining({ name: 'OptionError', code: 'OFFLOOP_OPTION' }));
    expect(act).toThrow(/^move\(\): expected an ArrayBuffer, a typed array or a MessagePort, .* Or list the objects to transfer: move\(value, \[buffer\]\)\.$/);
    expect(act).toThrow(says);
  });

  it('in a task transfers the result: the worker can no longer use it', async () => {
    const { result, leftBehind } = await moved('arrayBuffer');
    expect(result).toEqual(new Uint8Array([1, 2, 3]).buffer);
    expect(leftBehind).toBe(0);
  });

  it('in a task transfers the listed objects, deep in the result', async () => {
    const { result, leftBehind } = await moved('nested');
    expect(result).toEqual({ deep: [new Uint8Array([1, 2, 3])] });
    expect(leftBehind).toBe(0);
  });

  it('in a task copies memory that has other users', async () => {
    const { result, leftBehind } = await moved('slab');
    expect(Buffer.isBuffer(result)).toBe(true);
    expect([...(result as Buffer)]).toEqual([1, 2, 3]);
    expect(leftBehind).toBe(3);
    expect((await moved('shared')).leftBehind).toBe(3);
  });

  it.each(['wrong', 'no list'])('in a task throws the task’s own error when it is misused: %s', async (what) => {
    await expect(pool.run(movesWhatItGets, [what])).rejects.toMatchObject({ name: 'OptionError', code: 'OFFLOOP_OPTION' });
  });

  it.each(['text in the list', 'shared memory in the list'])('in a task blames the list, and not the result, when the list cannot be transferred: %s', async (what) => {
    const error = (await rejection(pool.run(movesWhatItGets, [what]))) as Error & { code: string };
    expect(error.code).toMatch(/^OFFLOOP_(OPTION|NOT_CLONEABLE)$/);
    expect(error.message).toMatch(/move\(\)|transfer list/);
    expect(await pool.run(movesWhatItGets, ['arrayBuffer'])).toBeInstanceOf(ArrayBuffer);
  });

  async function moved(what: string): Promise<{ result: unknown; leftBehind: unknown }> {
    return { result: await pool.run(movesWhatItGets, [what]), leftBehind: await pool.run(movesWhatItGets, ['size of the last']) };
  }
});
