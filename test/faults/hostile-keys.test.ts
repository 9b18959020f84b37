import { pathToFileURL } from 'node:url';

import type { PoolOptions } from 'offloop';
import { describe, expect, it } from 'vitest';

import { anyStore, bringsBack, named, pollution } from '../fixtures/hostile-keys.js';
import { poolFor, rejection, runtimes } from '../pool/helpers.ts';

const keys = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'then', 'toJSON', '__defineGetter__'];
const parsed = JSON.parse(`{${keys.map((key) => `${JSON.stringify(key)}:{"polluted":true,"list":[{${JSON.stringify(key)}:{"polluted":true}}]}`).join(',')}}`) as Record<string, unknown>;
const bare = Object.assign(Object.create(null) as Record<string, unknown>, Object.fromEntries(keys.map((key) => [key, { polluted: true }])));

const ways: PoolOptions[] = [...runtimes.map((runtime) => ({ runtime })), { runtime: 'threads', coalesce: false }];

describe.each(ways)('with %o, keys that objects inherit', (options) => {
  it.each([['from JSON', parsed], ['without a prototype', bare]])('are ordinary keys in arguments, results, progress, errors and stores: %s', async (_what, value) => {
    const pool = poolFor({ maxThreads: 1, ...options });
    const progress: unknown[] = [];
    const onProgress = (reported: unknown): void => void progress.push(reported);
    const within = <R>(fn: () => R): R => anyStore.run(value, () => named.reduce<() => R>((run, store, i) => () => store.run(`store ${i}`, run), fn)());
    const found = { value, store: value, named: ['store 0', 'store 1', 'store 2'], polluted: [] };

    const returned = await within(() => Promise.all(Array.from({ length: 10 }, () => pool.run(bringsBack, [{ value }], { onProgress }))));
    for (const one of returned) expect(JSON.stringify(one)).toBe(JSON.stringify(found));
    expect(JSON.stringify(progress)).toBe(JSON.stringify(returned.map(() => ({ value }))));

    const error = await within(() => rejection(pool.run(bringsBack, [{ value, throws: true }])));
    expect(Object.getPrototypeOf(error)).toBe(RangeError.prototype);
    expect(JSON.stringify(Object.fromEntries([...keys, 'found'].map((key) => [key, Object.getOwnPropertyDescriptor(error, key)?.value as unknown])))).toBe(JSON.stringify(Object.fromEntries([...Object.entries(value), ['found', found]])));

    expect(pollution()).toEqual([]);
    expect(Object.keys(pool.stats().tasks)).toEqual(['__proto__']);
  });

  it('are not tasks of a module that does not export them', async () => {
    const pool = poolFor({ maxThreads: 1, ...options });
    for (const file of ['plain.cjs', 'plain.js']) {
      const tasks = pool.tasks<Record<string, () => unknown>>(pathToFileURL(`${import.meta.dirname}/../fixtures/${file}`));
      for (const name of keys.filter((key) => key !== 'then')) {
        expect(await rejection(tasks[name]!())).toMatchObject({ code: 'OFFLOOP_TASK_NOT_FOUND' });
      }
    }
  });
});
