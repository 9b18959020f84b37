import { AsyncLocalStorage } from 'node:async_hooks';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import * as here from 'offloop';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readDeadlines } from '../fixtures/context/reads-deadlines.js';
import { readStores } from '../fixtures/context/reads-stores.js';
import { request, requestStore } from '../fixtures/context/request-store.js';
import { callsInner } from '../fixtures/context/calls-inside.js';
import { throwsOnPurpose } from '../fixtures/context/throws.js';
import { place } from '../fixtures/places.js';

const root = resolve(import.meta.dirname, '../..');
let folder = '';
let copy: typeof here;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offloop-copy-'));
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  copy = (await import(pathToFileURL(join(folder, 'dist/index.js')).href)) as typeof here;
});
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

describe('two copies of offloop in one process', () => {
  it('are two', () => {
    expect(copy.carry).not.toBe(here.carry);
    expect(copy.OptionError).not.toBe(here.OptionError);
  });

  it('capture the stores that the other copy has declared', () => {
    const carriers = requestStore.run('r', () => [here.capture(), copy.capture(), copy.capture({ only: [request] })]);
    expect(carriers.map(({ stores }) => stores)).toEqual(Array.from({ length: 3 }, () => ({ request: '"r"' })));
  });

  it('restore carriers that the other copy has captured', () => {
    const carrier = requestStore.run('r', () => copy.capture());
    expect(here.restore(carrier, () => requestStore.getStore())).toBe('r');
    const own = requestStore.run('r', () => here.capture());
    expect(copy.restore(own, () => requestStore.getStore())).toBe('r');
  });

  it('refuse a name that a store of the other copy has', () => {
    here.carry(import.meta, new AsyncLocalStorage(), { name: 'given away' });
    expect(() => copy.carry(import.meta, new AsyncLocalStorage(), { name: 'given away' })).toThrow(
      expect.objectContaining({ code: 'OFFLOOP_DUPLICATE_NAME' }),
    );
    here.offload(import.meta, function twice() { return 1; });
    expect(() => copy.offload(import.meta, function twice() { return 2; })).toThrow(expect.objectContaining({ code: 'OFFLOOP_DUPLICATE_NAME' }));
  });

  it('run each other’s tasks, with their context', async () => {
    await using pool = copy.createPool({ maxThreads: 1 });
    const seen = await requestStore.run('r', () => pool.run(readStores, []));
    expect(seen).toEqual({ request: 'r', trace: undefined, private: undefined });
    expect(await pool.run(readStores, [])).toEqual({ request: undefined, trace: undefined, private: undefined });
  });

  it('know each other’s deadlines', async () => {
    await using pool = copy.createPool({ maxThreads: 1 });
    const [deadline, seen] = await here.withDeadline(3_600_000, async () => [copy.capture().deadline, await pool.run(readDeadlines, [])] as const);
    expect(deadline).toEqual(expect.any(Number));
    expect(seen).toMatchObject({ ofTask: deadline, inForce: deadline, ofInner: deadline });
  });

  it('know that they run in a worker of the other copy: a task called there makes no second hop', async () => {
    await using pool = copy.createPool({ maxThreads: 1 });
    const { outer, inner } = await pool.run(callsInner, []);
    expect(inner).toEqual({ ...outer, name: 'inner' });
  });

  it('bring each other’s errors over by their codes', async () => {
    await using pool = copy.createPool({ maxThreads: 1 });
    await expect(pool.run(throwsOnPurpose, ['RangeError'])).rejects.toBeInstanceOf(RangeError);
    const carrier = { version: 1 as const, stores: { stranger: '1' } };
    await expect(pool.run(readStores, [], { context: carrier })).rejects.toMatchObject({ name: 'ContextError', code: 'OFFLOOP_CONTEXT' });
  });

  it('have one default pool, which either copy configures', async () => {
    const module = join(folder, 'task-of-the-copy.js');
    writeFileSync(module, `
      import { threadId } from 'node:worker_threads';
      import { offload } from './dist/index.js';
      export const placeOfCopy = offload(import.meta, function placeOfCopy() { return threadId; });
    `);
    const { placeOfCopy } = (await import(pathToFileURL(module).href)) as { placeOfCopy(): Promise<number> };
    copy.configure({ maxThreads: 1 });
    const [one, two, other] = await Promise.all([place(), place(), placeOfCopy()]);
    expect([two.threadId, other]).toEqual([one.threadId, one.threadId]);
    expect(here.defaultPool()).toBe(copy.defaultPool());
    expect(here.defaultPool().stats().tasks).toMatchObject({ place: { count: 2 }, placeOfCopy: { count: 1 } });
    expect(() => { here.configure({}); }).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
  });
});
