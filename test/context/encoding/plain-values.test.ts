import assert from 'node:assert';
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';

import { capture, carry, ContextError, restore, type Carrier } from 'offloop';
import { describe, expect, it } from 'vitest';

const store = new AsyncLocalStorage<unknown>();
carry(import.meta, store, { name: 'state', maxBytes: 2 ** 20 });

const carrierOf = (value: unknown) => store.run(value, () => capture());
const there = (carrier: Carrier) => restore(JSON.parse(JSON.stringify(carrier)) as Carrier, () => store.getStore());
const roundTrip = (value: unknown) => there(carrierOf(value));

function refusal(value: unknown): ContextError {
  try {
    carrierOf(value);
  } catch (error) {
    expect(error).toBeInstanceOf(ContextError);
    expect(error).toMatchObject({ name: 'ContextError', code: 'OFFLOOP_CONTEXT', store: 'state' });
    return error as ContextError;
  }
  throw new Error('the value was accepted');
}

describe('a plain value arrives exactly as it was', () => {
  const date = new Date(1e12);
  it.each<[string, unknown]>([
    ['text', 'grüße, 世界 🎉'],
    ['text with a lone surrogate', '\uD800 \uDFFF'],
    ['text that looks like a tag', '$offloop'],
    ['numbers', [0, -1.5, 1e300, 5e-324, Number.MAX_SAFE_INTEGER]],
    ['numbers that JSON has no form for', [NaN, Infinity, -Infinity, -0]],
    ['a bigint', -(2n ** 70n)],
    ['booleans and null', [true, false, null]],
    ['undefined in an array', [undefined, 1]],
    ['undefined under a key', { a: undefined }],
    ['a Date', date],
    ['a Map with any keys', new Map<unknown, unknown>([[{ a: 1 }, date], [NaN, new Map([[undefined, null]])], ['k', -0]])],
    ['a Set', new Set<unknown>([1, 'a', new Set([2n]), { deep: [undefined] }])],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: [1n], b: Object.create(null) as object })],
    ['an empty object, array, Map and Set', [{}, [], new Map(), new Set()]],
    ['an object that inherits JSON’s own keys', { version: 1, stores: {}, value: 1, type: 'map' }],
    ['keys of digits and of nothing', { 0: 'a', '': 'b', ' ': 'c', 'a.b': 'd' }],
    ['frozen objects', Object.freeze({ a: Object.freeze([1]) })],
    ['the same object in two places', ((shared) => ({ one: shared, other: shared }))({ n: 1 })],
  ])('%s', (_what, value) => {
    assert.deepStrictEqual(roundTrip(value), value);
  });

  it('an invalid Date', () => {
    // Two invalid dates are not equal for Node 20's deepStrictEqual.
    const back = roundTrip({ at: new Date(NaN) }) as { at: Date };
    expect(back.at).toBeInstanceOf(Date);
    expect(back.at.getTime()).toBeNaN();
  });

  // A test runner that uses node:vm passes values of another realm. They arrive as values of this realm.
  it('an object of another realm', () => {
    assert.deepStrictEqual(roundTrip(runInNewContext('({ a: { b: 1 } })')), { a: { b: 1 } });
  });

  it('an array, a Map, a Set and a Date of another realm', () => {
    const foreign: unknown = runInNewContext('({ list: [1, [2]], map: new Map([[1, 2]]), set: new Set([1]), date: new Date(0) })');
    assert.deepStrictEqual(roundTrip(foreign), { list: [1, [2]], map: new Map([[1, 2]]), set: new Set([1]), date: new Date(0) });
  });

  it('the result of a getter', () => {
    assert.deepStrictEqual(roundTrip({ get id() { return 7; } }), { id: 7 });
  });

  it('200 levels of objects', () => {
    const nest = (levels: number): unknown => (levels === 1 ? {} : { in: nest(levels - 1) });
    assert.deepStrictEqual(roundTrip(nest(200)), nest(200));
    expect(refusal(nest(201)).message).toContain('nested deeper than 200 levels');
  });
});

describe('hostile keys pollute nothing and stay keys', () => {
  it.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'toJSON', 'then'])('%s', (key) => {
    const value = JSON.parse(`{"${key}": {"polluted": true}, "list": [{"${key}": 1}]}`) as Record<string, unknown>;
    for (const back of [roundTrip(value), (roundTrip({ value, big: 1n }) as { value: Record<string, unknown> }).value]) {
      assert.deepStrictEqual(back, value);
      expect(Object.getOwnPropertyDescriptor(back, key)).toEqual({ value: { polluted: true }, enumerable: true, configurable: true, writable: true });
      expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('in a hand-written carrier', () => {
    const text = '{"__proto__":{"polluted":true},"x":{"$offloop":"null-prototype","value":{"__proto__":{"polluted":true}}}}';
    const back = restore({ version: 1, stores: { state: text } }, () => store.getStore()) as { x: object; polluted?: unknown };
    expect(back.polluted).toBeUndefined();
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(back.x)).toBeNull();
    expect(Object.keys(back.x)).toEqual(['__proto__']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('but the key that offloop reserves for itself is refused', () => {
    expect(refusal({ a: { $offloop: 'map', value: [] } }).path).toBe('state.a.$offloop');
  });
});

class Account {
  #balance = 1;
  get balance() {
    return this.#balance;
  }
}

describe('a value that would arrive mangled is refused with its exact place', () => {
  const cycle: Record<string, unknown> = {};
  cycle.back = { to: cycle };
  const socketed = { headers: { host: 'x' }, client: { socket: new Socket() } };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  it.each<[what: string, value: unknown, path: string, says: RegExp]>([
    ['a function', { done: () => undefined }, 'state.done', /function/],
    ['a function as the whole store', () => undefined, 'state', /function/],
    ['a symbol', { list: [1, Symbol('s')] }, 'state.list.1', /symbol/],
    ['a symbol as a key', { a: { [Symbol('secret')]: 1 } }, 'state.a.Symbol(secret)', /symbol key/],
    ['a class instance', { account: new Account() }, 'state.account', /Account/],
    ['a class instance as the whole store', new Account(), 'state', /Account/],
    ['an instance of an anonymous class', { it: new (class { x = 1; })() }, 'state.it', /instance/],
    ['an object with a prototype of its own', { it: Object.create({ inherited: 1 }) as unknown }, 'state.it', /instance/],
    ['a socket', socketed, 'state.client.socket', /Socket/],
    ['an EventEmitter', [new EventEmitter()], 'state.0', /EventEmitter/],
    ['a URL', { url: new URL('https://example.com') }, 'state.url', /URL/],
    ['a RegExp', { pattern: /x/ }, 'state.pattern', /RegExp/],
    ['an Error', { error: new TypeError('x') }, 'state.error', /TypeError/],
    ['a Buffer', { body: Buffer.from('x') }, 'state.body', /Buffer/],
    ['a typed array', { body: new Uint8Array(1) }, 'state.body', /Uint8Array/],
    ['a promise', { pending: Promise.resolve() }, 'state.pending', /Promise/],
    ['a boxed text', { text: Object('x') as unknown }, 'state.text', /String/],
    ['an array of its own class', { list: new (class List extends Array<number> {})() }, 'state.list', /instance/],
    ['a Map of its own class', { map: new (class Cache extends Map<string, number> {})() }, 'state.map', /Cache/],
    ['a cycle', cycle, 'state.back.to', /refers back to itself/],
    ['a cycle through an array', ((list: unknown[]) => { list.push({ list }); return list; })([]), 'state.0.list', /refers back to itself/],
    ['a cycle through a Map', ((map: Map<string, unknown>) => map.set('me', map))(new Map()), 'state.0.1', /refers back to itself/],
    ['a getter that throws', { user: { get name() { throw new Error('no'); } } }, 'state.user.name', /getter threw/],
    ['a getter that throws in an array', { list: Object.defineProperty([0], 0, { enumerable: true, get: () => { throw new Error('no'); } }) }, 'state.list.0', /getter threw/],
    ['an array with holes', { list: [1, , 3] }, 'state.list', /holes/], // eslint-disable-line no-sparse-arrays
    ['an array with a key of its own', { list: Object.assign([1], { total: 1 }) }, 'state.list', /keys of its own/],
    ['an array with a hole and a key of its own', { list: Object.assign([1, , 3], { total: 2 }) }, 'state.list', /holes/], // eslint-disable-line no-sparse-arrays
    ['an array with a symbol key', { list: Object.assign([1], { [Symbol('s')]: 1 }) }, 'state.list', /symbol key|keys of its own/],
    ['a Map with a key of its own', { map: Object.assign(new Map(), { total: 1 }) }, 'state.map', /key/],
    ['a Set with a key of its own', { set: Object.assign(new Set(), { total: 1 }) }, 'state.set', /key/],
    ['a Date with a key of its own', { date: Object.assign(new Date(0), { zone: 'UTC' }) }, 'state.date', /key/],
    ['a Map with a symbol key of its own', { map: Object.assign(new Map(), { [Symbol('s')]: 1 }) }, 'state.map', /key/],
    ['a function inside a Map', { map: new Map<string, unknown>([['a', 1], ['b', () => undefined]]) }, 'state.map.1.1', /function/],
    ['a function inside a Set', { set: new Set([() => undefined]) }, 'state.set.0', /function/],
    ['an object that only pretends to be a Map', { map: Object.create(Map.prototype) as unknown }, 'state.map', /./],
    ['an object that only pretends to be a Date', { date: Object.create(Date.prototype) as unknown }, 'state.date', /./],
    ['a Map behind a proxy', { map: new Proxy(new Map(), {}) }, 'state.map', /./],
    ['a revoked proxy', { proxy: revoked.proxy }, 'state.proxy', /./],
    ['arguments', { args: (function (..._args: unknown[]) { return arguments; })(1) }, 'state.args', /symbol key|instance/], // eslint-disable-line prefer-rest-params
  ])('%s', (what, value, path, says) => {
    const error = refusal(value);
    if (what === 'arguments') expect(error.path).toMatch(/^state\.args/);
    else expect(error.path).toBe(path);
    expect(error.message).toContain(`The store 'state' cannot cross to another thread: at \`${error.path}\`, `);
    expect(error.message).toMatch(says);
    expect(error.message).toMatch(/Choose the keys that matter with `pick`(, for instance `pick: \[.*\]`)?, or give carry\(\) an `encode` and a `decode`\.$/);
  });

  it('keeps the error of a getter as its cause', () => {
    const cause = new Error('the getter’s own');
    expect(refusal({ get broken() { throw cause; } }).cause).toBe(cause);
  });

  it('as a whole: no part of the store is captured', () => {
    expect(() => carrierOf({ fine: 1, bad: () => undefined })).toThrow(ContextError);
  });

  it('without an endless walk, when a small value repeats itself at every level', () => {
    // The capture runs in a process of its own, since an endless walk could not be stopped in this process.
    const script = fileURLToPath(new URL('../../fixtures/context/captures-doubling-value.js', import.meta.url));
    const { stdout, stderr, signal } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 10_000 });
    expect({ stderr, signal }).toEqual({ stderr: '', signal: null });
    expect(stdout).toMatch(/^OFFLOOP_CONTEXT/);
  });
});
