import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createPool, type Pool } from 'offloop';
import { inlinePool } from 'offloop/testing';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { node, temporaryFolder } from '../cli/processes.ts';
import { readsRequest } from '../fixtures/context/reads-request.js';
import { requestStore } from '../fixtures/context/request-store.js';
import { throwsOnPurpose } from '../fixtures/context/throws.js';
import { returnsFunction, takes } from '../fixtures/faults.js';
import { hangs, hearsWhenTold } from '../fixtures/stops.js';
import { observed, rejection } from '../pool/helpers.ts';

function closed(pool: Pool): Pool {
  onTestFinished(() => pool.close({ drain: false }));
  return pool;
}

/** Calls by description; each function resolves to everything that the caller can see of the call. */
const calls: Record<string, (pool: Pool) => Promise<unknown>> = {
  'a store, changed by the task': async (pool) => {
    const store = { id: 'mine' };
    const answers = [await requestStore.run(store, () => pool.run(readsRequest, ['theirs'])), await pool.run(readsRequest, [])];
    return { store, answers };
  },
  'a store that cannot be encoded': (pool) => requestStore.run({ id: () => 1 }, () => pool.run(readsRequest, [])),
  'a store for a task that wants none': (pool) => requestStore.run({ id: 'mine' }, () => pool.run(readsRequest, [], { context: 'none' })),
  'an argument that cannot be cloned': (pool) => pool.run(takes, [{ socket: () => {} }]),
  'a result that cannot be cloned': (pool) => pool.run(returnsFunction, []),
  'an error of an exported class': (pool) => pool.run(throwsOnPurpose, ['exported']),
  'an error of a class of its own': (pool) => pool.run(throwsOnPurpose, ['unknown']),
  'no error at all': (pool) => pool.run(throwsOnPurpose, ['null']),
  'a caller who gives up': async (pool) => {
    const controller = new AbortController();
    const { options, started, seen } = observed({ signal: controller.signal });
    const call = rejection(pool.run(hearsWhenTold, [], options));
    await started;
    controller.abort('not wanted');
    return [await call, seen[0]];
  },
  'a task that takes too long': (pool) => pool.run(hangs, [], { timeout: 20 }),
  'a deadline that has passed': (pool) => pool.run(hangs, [], { deadline: 1 }),
};

async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await call };
  } catch (error) {
    if (!(error instanceof Error)) return { thrown: error };
    return { class: error.constructor, own: Object.entries(error), name: error.name, message: error.message };
  }
}

describe('inlinePool()', () => {
  it.each(Object.keys(calls))('answers as threads do: %s', async (name) => {
    const [inline, threads] = [closed(inlinePool()), closed(createPool())];
    expect(await outcome(calls[name]!(inline))).toEqual(await outcome(calls[name]!(threads)));
  });

  it('starts no thread', async () => {
    const onWorker = vi.fn();
    process.on('worker', onWorker);
    onTestFinished(() => { process.off('worker', onWorker); });
    const pool = closed(inlinePool({ minThreads: 2, maxThreads: 4 }));
    await Promise.all(Array.from({ length: 8 }, () => pool.run(readsRequest, [])));
    expect(pool.stats()).toMatchObject({ name: 'pool', workers: { max: 4 } });
    expect(onWorker).not.toHaveBeenCalled();
  });

  it('needs no file of a worker', async () => {
    const folder = temporaryFolder();
    const installed = join(folder, 'node_modules/offloop');
    const root = fileURLToPath(new URL('../../', import.meta.url));
    mkdirSync(installed, { recursive: true });
    cpSync(join(root, 'package.json'), join(installed, 'package.json'));
    const isWorkers = (path: string): boolean => /[\\/](entry|in-worker|preload|monitor|pool)\.c?js$/.test(path);
    cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true, filter: (path) => !isWorkers(path) });
    expect(readdirSync(join(installed, 'dist'))).not.toContain('entry.js');
    symlinkSync(join(root, 'node_modules/tinypool'), join(folder, 'node_modules/tinypool'), 'junction');
    writeFileSync(join(folder, 'task.mjs'), "import { offload } from 'offloop'; export const doubles = offload(import.meta, function doubles(n) { return 2 * n; });");
    writeFileSync(join(folder, 'app.mjs'), "import { inlinePool } from 'offloop/testing'; import { doubles } from './task.mjs'; console.log(await inlinePool().run(doubles, [21]));");
    expect(await node([join(folder, 'app.mjs')]).ended).toMatchObject({ code: 0, stdout: '42\n', stderr: '' });
  });

  it('refuses the options that createPool() refuses', () => {
    expect(() => inlinePool({ maxThreads: 0 })).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
  });
});

describe('inlinePool() under fake timers', () => {
  afterEach(() => { vi.useRealTimers(); });

  it.each([{}, { toFake: ['queueMicrotask', 'setTimeout', 'setInterval', 'setImmediate', 'Date', 'performance'] as const }])('answers with no time passing: %j', async ({ toFake }) => {
    vi.useFakeTimers(toFake && { toFake: [...toFake] });
    const pool = inlinePool();
    expect(await requestStore.run({ id: 'a' }, () => pool.run(readsRequest, []))).toEqual({ id: 'a' });
    expect(await rejection(pool.run(takes, [() => {}]))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE' });
    expect(await pool.map(takes, [1, 'a']).toArray()).toEqual(['number', 'string']);
    await pool.close();
  });

  it('ends a task when the faked clock says so', async () => {
    vi.useFakeTimers();
    const pool = inlinePool();
    const { options, started } = observed({ timeout: 60_000 });
    const late = rejection(pool.run(hangs, [], options));
    await started;
    vi.advanceTimersByTime(60_000);
    expect(await late).toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
    const due = rejection(pool.run(hangs, [], { deadline: Date.now() + 60_000 }));
    vi.advanceTimersByTime(60_000);
    expect(await due).toMatchObject({ code: 'OFFLOOP_DEADLINE' });
  });
});
