import { threadId } from 'node:worker_threads';

import { createPool, type Pool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { callsEnterers, callsFailing, callsInner, callsReader, hearsInner, limitsInner, outerAndInnerIds, passesThrough, spinsInside } from '../fixtures/context/calls-inside.js';
import { requestStore } from '../fixtures/context/request-store.js';
import { rejection } from '../wire/errors/rejection.ts';

const threads = createPool({ maxThreads: 1 });
const processes = createPool({ maxThreads: 1, runtime: 'processes' });
const inline = createPool({ maxThreads: 1, runtime: 'inline' });
afterAll(() => Promise.all([threads.close(), processes.close(), inline.close()]));

describe.each<[string, Pool]>([['a thread', threads], ['a process', processes], ['an inline pool', inline]])('a task that is called inside %s', (kind, pool) => {
  it('runs on the same thread, under its own name, and currentTask() is the caller again afterwards', async () => {
    const { outer, inner, meanwhile, afterwards } = await pool.run(callsInner, []);
    expect(outer.name).toBe('callsInner');
    expect(inner).toEqual({ ...outer, name: 'inner' });
    expect([meanwhile, afterwards]).toEqual([outer, outer]);
    if (kind === 'an inline pool') expect(outer).toMatchObject({ threadId, pid: process.pid });
    else expect([outer.threadId === threadId, outer.pid === process.pid]).toEqual(kind === 'a thread' ? [false, true] : [true, false]);
    expect(pool.stats().workers.started).toBe(1);
  });

  it('sees its caller’s stores, carried or not', async () => {
    const seen = await requestStore.run('r', () => pool.run(callsReader, []));
    expect(seen).toEqual({ request: 'r', private: 'of the outer task' });
  });

  it('sees the stores that the option context names', async () => {
    expect(await requestStore.run('r', () => pool.run(callsReader, [{ context: 'none' }]))).toEqual({ request: undefined, private: undefined });
    const carrier = { version: 1, stores: { request: '"of the carrier"' } };
    expect(await requestStore.run('r', () => pool.run(callsReader, [{ context: carrier }]))).toEqual({ request: 'of the carrier', private: undefined });
  });

  it('keeps a store that it enters from its caller, which sees its own stores after each step', async () => {
    const seen = await requestStore.run('r', () => pool.run(callsEnterers, []));
    expect(seen).toEqual(Array.from({ length: 5 }, () => ({ request: 'r', private: undefined })));
  });

  it('gets its arguments and returns its result without a copy', async () => {
    expect(await pool.run(passesThrough, [])).toBe(true);
  });

  it('rejects when it throws, at once or later', async () => {
    expect(await pool.run(callsFailing, [])).toEqual([true, 'inside']);
  });

  it('has an id that leads to its caller’s', async () => {
    const [outer, inner] = await pool.run(outerAndInnerIds, []);
    expect(inner).toBe(`${String(outer)}/ids`);
  });

  it('reports its progress to the listener of its own call alone', async () => {
    const heard: unknown[] = [];
    expect(await pool.run(hearsInner, [], { onProgress: (value) => heard.push(value) })).toEqual([true]);
    expect(heard).toEqual([]);
  });

  it.each<[string, object]>([
    ['timeout', { name: 'TaskTimeoutError', code: 'OFFLOOP_TIMEOUT' }],
    ['late', { name: 'TaskTimeoutError', code: 'OFFLOOP_TIMEOUT' }],
    ['deadline', { name: 'DeadlineExceededError', code: 'OFFLOOP_DEADLINE' }],
    ['passed', { name: 'DeadlineExceededError', code: 'OFFLOOP_DEADLINE' }],
    ['carried', { name: 'DeadlineExceededError', code: 'OFFLOOP_DEADLINE' }],
    ['signal', { name: 'RangeError', message: 'aborted by hand' }],
    ['aborted', { name: 'RangeError', message: 'aborted before' }],
  ])('keeps to the limits of its call: %s', async (limit, expected) => {
    expect(await pool.run(limitsInner, [limit])).toMatchObject(expected);
  });
});

describe.each<[string, Pool]>([['a thread', threads], ['a process', processes]])('a synchronous loop inside %s', (_kind, pool) => {
  it('learns of the caller’s abort of the outer task', async () => {
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    const running = pool.run(spinsInside, [], { signal: controller.signal, onProgress: () => { controller.abort(reason); } });
    expect(await rejection(running)).toBe(reason);
    // The task has stopped by itself, so the worker was not replaced.
    await pool.run(callsInner, []);
    expect(pool.stats().workers).toMatchObject({ started: 1, replaced: 0, crashed: 0 });
  });
});
