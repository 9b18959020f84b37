import { AsyncLocalStorage } from 'node:async_hooks';

import { capture, carry, configure, createPool, move, offload, type PoolOptions } from 'offloop';
import { startWatchdog } from 'offloop/watchdog';
import { afterAll, describe, expect, it } from 'vitest';

import { add } from '../fixtures/places.js';
import { poolFor } from '../pool/helpers.ts';

/*
 * A caller may pass an object that throws when it is read, or returns another value each time. The caller gets an error of
 * offloop's, or the error that the object has thrown; no other call is affected.
 */

const throws = (): never => { throw new RangeError('from the caller’s object'); };

function revoked<T extends object>(target: T): T {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const traps = ['get', 'ownKeys', 'getOwnPropertyDescriptor'] as const;

/** Objects with each of these keys, and proxies. */
function hostiles(keys: readonly string[]): [what: string, make: () => any][] {
  return [
    ...keys.map((key): [string, () => any] => [`a getter \`${key}\` that throws`, () => Object.defineProperty({}, key, { get: throws, enumerable: true })]),
    ...keys.map((key): [string, () => any] => [`\`${key}\`, a proxy that was revoked`, () => ({ [key]: revoked({}) })]),
    ...keys.map((key): [string, () => any] => [`\`${key}\`, a list that was revoked`, () => ({ [key]: revoked([]) })]),
    ...traps.map((trap): [string, () => any] => [`a proxy that throws in \`${trap}\``, () => new Proxy({ name: 'x' }, { [trap]: throws })]),
    ['a revoked proxy', () => revoked({})],
    ['a revoked list', () => revoked([])],
    ['null', () => null],
    ['a number', () => 7],
  ];
}

const pool = createPool({ maxThreads: 1 });
afterAll(() => pool.close());

const run = ['signal', 'timeout', 'deadline', 'priority', 'transfer', 'context', 'onProgress'];
const doors: [call: string, keys: readonly string[], act: (options: any) => unknown][] = [
  ['createPool()', ['maxThreads', 'runtime', 'context', 'coalesce', 'resourceLimits', 'preload', 'execArgv', 'env', 'name'], (options) => createPool(options)],
  ['configure()', ['maxThreads'], (options) => { configure(options); }],
  ['offload()', ['name', 'timeout', 'errors'], (options) => offload(import.meta, () => 1, options)],
  ['carry()', ['name', 'pick', 'encode', 'schema', 'maxBytes', 'sensitive'], (options) => carry(import.meta, new AsyncLocalStorage(), options)],
  ['capture()', ['only'], (options) => capture(options)],
  ['startWatchdog()', ['threshold', 'onStall', 'log', 'page', 'ignore'], (options) => startWatchdog(options)],
  ['pool.run()', run, (options) => pool.run(add, [1, 2], options)],
  ['with()', run, (options) => add.with(options)(1, 2)],
  ['pool.map()', [...run, 'ordered', 'concurrency'], (options) => pool.map(add as never, [1], options).toArray()],
  ['pool.tasks()', ['errors'], (options) => pool.tasks(new URL('../fixtures/plain.js', import.meta.url), options)],
  ['pool.close()', ['drain', 'timeout'], (options) => createPool().close(options)],
];

describe.each(doors)('%s with', (_call, keys, act) => {
  it.each(hostiles(keys))('%s: its own error or a typed error, and the next call works', async (_what, make) => {
    expect(await outcomeOf(() => act(make()))).toEqual({ error: oneOfOurs });
    expect(await pool.run(add, [1, 2])).toBe(3);
  });
});

const oneOfOurs: unknown = expect.toSatisfy((error: { code?: unknown; message?: unknown } | undefined) =>
  String(error?.code).startsWith('OFFLOOP_') || error?.message === 'from the caller’s object');

async function outcomeOf(act: () => unknown): Promise<{ error?: unknown; value?: unknown }> {
  try {
    return { value: await act() };
  } catch (error) {
    return { error };
  }
}

/** An array that throws at the nth read of the item. */
function throwsAt(nth: number): any[] {
  let reads = 0;
  return Object.defineProperty([1, 2], 0, { get: () => (++reads === nth ? throws() : 1), enumerable: true });
}

const calls: [what: string, act: (options?: object) => Promise<unknown>][] = [
  ['a task that is a proxy that throws', () => pool.run(new Proxy(add, { get: throws }), [1, 2])],
  ['a task that is a revoked proxy', () => pool.run(revoked(add), [1, 2])],
  ['arguments that are a revoked proxy', () => pool.run(add, revoked([1, 2]) as never)],
  ['arguments that are a proxy that throws', () => pool.run(add, new Proxy([1, 2], { get: throws }) as never)],
  ...[1, 2, 3, 4].map((nth): [string, () => Promise<unknown>] => [`an argument that throws when it is read for time ${nth}`, () => pool.run(add, throwsAt(nth) as never)]),
  ['a list of what to hand over that throws', () => pool.run(add, [1, 2], { transfer: throwsAt(1) })],
  ['a list of what to hand over that throws later', () => pool.run(add, [1, 2], { transfer: throwsAt(2) })],
  ['a signal that only inherits from AbortSignal', () => pool.run(add, [1, 2], { signal: Object.create(AbortSignal.prototype) as AbortSignal })],
  ['a proxy of a signal', () => pool.run(add, [1, 2], { signal: new Proxy(new AbortController().signal, {}) })],
  ['a signal that cannot be listened to', () => pool.run(add, [1, 2], { signal: Object.assign(new AbortController().signal, { addEventListener: throws }) })],
  ['a signal that cannot be let go of', () => pool.run(add, [1, 2], { signal: Object.assign(new AbortController().signal, { removeEventListener: throws }) })],
  ...run.map((key): [string, () => Promise<unknown>] => [`a \`${key}\` that is fine when it is read first`, () => pool.run(add, [1, 2], changing(key))]),
];

const fine: Record<string, unknown> = { signal: new AbortController().signal, timeout: 1e6, deadline: Date.now() + 1e6, priority: 1, transfer: [], context: 'none', onProgress: () => undefined };

/** An object whose property has another value at the second read. */
function changing(key: string): object {
  let reads = 0;
  return Object.defineProperty({}, key, { get: () => (reads++ === 0 ? fine[key] : Symbol('another')), enumerable: true });
}

it('a hostile call among others gets its own error or its response, and the others get their responses', async () => {
  for (let i = 0; i < 10; i++) await pool.run(add, [1, 2]);
  const siblings = (): Promise<unknown>[] => Array.from({ length: 5 }, () => pool.run(add, [1, 2]));
  for (const [what, act] of calls) {
    const before = siblings();
    const culprit = outcomeOf(act);
    const after = siblings();
    const { error, value } = await culprit;
    expect([what, error === undefined ? value : error]).toEqual([what, error === undefined ? 3 : oneOfOurs]);
    expect(await Promise.all([...before, ...after])).toEqual(Array.from({ length: 10 }, () => 3));
  }
  expect(pool.stats()).toMatchObject({ queue: { waiting: 0 }, workers: { started: 1, crashed: 0, replaced: 0 } });
});

const item = (next: () => any, more: object = {}) => ({ [Symbol.iterator]: () => ({ next, ...more }) });
const later = (next: () => any, more: object = {}) => ({ [Symbol.asyncIterator]: () => ({ next, ...more }) });
const sources: [what: string, items: any, isOwn?: boolean][] = [
  ['null', null],
  ['undefined', undefined],
  ['a number', 7],
  ['an object', {}],
  ['a revoked proxy', revoked([])],
  ['an iterator that cannot be had', { [Symbol.iterator]: throws }],
  ['an iterator that cannot be read', Object.defineProperty({}, Symbol.iterator, { get: throws })],
  ['an iterator that throws', item(throws)],
  ['a `done` that throws', item(() => Object.defineProperty({}, 'done', { get: throws }))],
  ['no result', item(() => null), true],
  ['an asynchronous iterator that throws', later(throws)],
  ['an asynchronous `done` that throws', later(async () => Object.defineProperty({}, 'done', { get: throws }))],
  ['no asynchronous result', later(async () => null), true],
];

it.each(sources)('pool.map() of items that are %s rejects, as a loop over the items does', async (_what, items, isTheLanguages = false) => {
  const { error } = await outcomeOf(() => pool.map(add as never, items).toArray());
  expect(error).toEqual(isTheLanguages ? expect.any(TypeError) : oneOfOurs);
  const iterated = await outcomeOf(async () => { for await (const _result of pool.map(add as never, items)); });
  expect(iterated.error).toEqual(error);
  expect(await pool.run(add, [1, 2])).toBe(3);
});

const answers: [what: string, answer: () => any][] = [
  ['nothing', () => undefined],
  ['null', () => null],
  ['a text', () => 'fine'],
  ['issues that are null', () => ({ issues: null })],
  ['issues that are a number', () => ({ issues: 5 })],
  ['an issue that is null', () => ({ issues: [null] })],
  ['no issue', () => ({ issues: [] })],
  ['a path that is a number', () => ({ issues: [{ message: 'm', path: 5 }] })],
  ['a path with null', () => ({ issues: [{ message: 'm', path: [null] }] })],
  ['a path with what is no text', () => ({ issues: [{ message: 'm', path: [{ key: Object.create(null) as object }] }] })],
  ['a message that is no text', () => ({ issues: [{ message: Object.create(null) as object }] })],
  ['a message that throws', () => ({ issues: [Object.defineProperty({}, 'message', { get: throws })] })],
  ['issues that throw', () => Object.defineProperty({}, 'issues', { get: throws })],
  ['a value that throws', () => Object.defineProperty({}, 'value', { get: throws })],
  ['a value that cannot cross', () => ({ value: revoked({}) })],
  ['a proxy that throws', () => new Proxy({}, { get: throws })],
  ['a revoked proxy', () => revoked({})],
  ['a thenable', () => ({ then: (resolve: (value: unknown) => void) => { resolve({ value: 1 }); } })],
  ['a thenable that throws', () => ({ then: throws })],
  ['a promise that rejects', () => Promise.reject(new RangeError('unheard'))],
];

it.each(answers)('a schema that returns %s is a ContextError of its store', (what, answer) => {
  const store = new AsyncLocalStorage<unknown>();
  const carried = carry(import.meta, store, { name: `answers with ${what}`, schema: { '~standard': { version: 1, vendor: 'test', validate: answer } } });
  expect(() => store.run(1, () => capture({ only: [carried] }))).toThrow(expect.objectContaining({ code: 'OFFLOOP_CONTEXT', store: carried.name }));
});

it.each([...traps, 'has', 'getPrototypeOf'] as const)('a store that holds a proxy which throws in `%s` is a ContextError, or is read without the trap', (trap) => {
  const store = new AsyncLocalStorage<any>();
  const carried = carry(import.meta, store, { name: `picks from ${trap}`, pick: ['a'] });
  const captured = (): unknown => store.run(new Proxy({ a: 1 }, { [trap]: throws }), () => capture({ only: [carried] }).stores[carried.name]);
  if (trap === 'get' || trap === 'has') expect(captured).toThrow(expect.objectContaining({ code: 'OFFLOOP_CONTEXT', store: carried.name }));
  else expect(captured()).toBe('{"a":1}');
});

it.each<PoolOptions>([{ runtime: 'threads' }, { runtime: 'inline' }])('with %o, a list with holes is refused as a list with holes', async (options) => {
  expect(() => capture({ only: new Array(1) })).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
  expect(() => createPool({ ...options, context: new Array(1) })).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
  expect(() => move(1, revoked([]))).toThrow();
  expect(await poolFor({ ...options, maxThreads: 1 }).run(add, [1, 2])).toBe(3);
});
