import assert from 'node:assert';
import { AsyncLocalStorage } from 'node:async_hooks';

import fc from 'fast-check';
import { capture, carry, ContextError, createPool, restore, type Carrier } from 'offloop';
import { afterAll, expect, it } from 'vitest';

import { recapture, roomyStore } from '../../fixtures/context/recaptures.js';

const store = new AsyncLocalStorage<unknown>();
carry(import.meta, store, { name: 'any', maxBytes: 2 ** 24 });

const pool = createPool({ maxThreads: 2 });
afterAll(() => pool.close());

const key = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'prototype', 'toJSON', 'toString', 'value', '0', '') },
).filter((text) => text !== '$offloop');

/** Text of any UTF-16 units, lone surrogates included. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 }).map((units) => String.fromCharCode(...units));

const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(NaN, -0, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER));

const record = (value: fc.Arbitrary<unknown>, prototype: object | null) =>
  fc.array(fc.tuple(key, value), { maxLength: 5 }).map((entries) => {
    const object = Object.create(prototype) as object;
    for (const [name, item] of entries) Object.defineProperty(object, name, { value: item, enumerable: true, configurable: true, writable: true });
    return object;
  });

/** Everything that a store may hold without a codec. */
const { plain } = fc.letrec<{ plain: unknown }>((tie) => ({
  plain: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyText,
    anyNumber,
    fc.bigInt(),
    fc.boolean(),
    fc.constantFrom(null, undefined, '$offloop', '{"$offloop":"map"}'),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('plain'), { maxLength: 5 }),
    record(tie('plain'), Object.prototype),
    record(tie('plain'), null),
    fc.array(fc.tuple(tie('plain'), tie('plain')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('plain'), { maxLength: 4 }).map((items) => new Set(items)),
  ),
}));

it('any plain store arrives exactly as it was, through capture, JSON and restore', () => {
  fc.assert(
    fc.property(plain, (value) => {
      assertSame(throughJson(value), value);
    }),
    { numRuns: 500 },
  );
});

it('any plain store arrives in a worker exactly as it was', async () => {
  await fc.assert(
    fc.asyncProperty(plain, async (value) => {
      // A task's result would lose its prototypes, so the value comes back in a carrier, as it went.
      const back = await roomyStore.run(value, () => pool.run(recapture, []));
      assertSame(restore(back, () => roomyStore.getStore()), value);
    }),
    { numRuns: 50 },
  );
});

class Instance {
  readonly field: unknown;

  constructor(field: unknown) {
    this.field = field;
  }
}

/** Values of all sorts, plain and others, mixed at any depth. */
const anything = fc.letrec<{ anything: unknown; other: unknown }>((tie) => ({
  anything: fc.oneof(
    { depthSize: 'small' },
    { weight: 6, arbitrary: plain },
    { weight: 3, arbitrary: fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withObjectString: true, withSet: true, withSparseArray: true, withTypedArray: true, withBoxedValues: true }) },
    { weight: 2, arbitrary: tie('other') },
    { weight: 3, arbitrary: fc.array(tie('anything'), { maxLength: 4 }) },
    { weight: 3, arbitrary: record(tie('anything'), Object.prototype) },
    { weight: 1, arbitrary: fc.array(fc.tuple(tie('anything'), tie('anything')), { maxLength: 3 }).map((entries) => new Map(entries)) },
    { weight: 1, arbitrary: fc.array(tie('anything'), { maxLength: 3 }).map((items) => new Set(items)) },
  ),
  other: fc.oneof(
    // fc.func is not used: fast-check adds a key to an object that holds such a function.
    fc.constantFrom(() => 1, function named() {}, class Class { x = 1; }, async () => 1),
    tie('anything').map((field) => new Instance(field)),
    fc.string().map((text) => Symbol(text)),
    fc.constantFrom(new URL('https://example.com'), /x/u, new Error('e'), Promise.resolve(), new WeakMap(), globalThis, new Proxy([], {})),
    fc.uint8Array(),
    fc.integer().map((total) => Object.assign([1, 2], { total })),
    fc.integer().map((n) => ({ [Symbol('key')]: n })),
    fc.constant(Object.defineProperty({}, 'broken', { enumerable: true, get: () => { throw new Error('the getter throws'); } })),
    fc.integer().map((n) => Object.create({ inherited: n }) as object),
    fc.constant({ $offloop: 'map', value: [] }),
  ),
}));

it('any value whatsoever arrives exactly as it was, or is refused by an error that names the place that cannot be read', () => {
  let refused = 0;
  fc.assert(
    fc.property(anything.anything, (value) => {
      let back: unknown;
      try {
        back = throughJson(value);
      } catch (error) {
        refused++;
        assertRightlyRefused(error, value);
        return;
      }
      assertSame(back, value);
    }),
    { numRuns: 1000 },
  );
  // Both outcomes were frequent.
  expect(refused).toBeGreaterThan(100);
  expect(refused).toBeLessThan(900);
});

function throughJson(value: unknown): unknown {
  const carrier = store.run(value, () => capture());
  return restore(JSON.parse(JSON.stringify(carrier)) as Carrier, () => store.getStore());
}

/** Checks by deepStrictEqual, and checks what deepStrictEqual ignores: the sign of zero in keys of Maps, and the order of entries. */
function assertSame(actual: unknown, expected: unknown): void {
  // Node 20's deepStrictEqual finds two invalid dates different.
  if (!hasInvalidDate(expected)) assert.deepStrictEqual(actual, expected);
  assertSameInOrder(actual, expected);
}

function assertSameInOrder(actual: unknown, expected: unknown): void {
  if (typeof expected !== 'object' || expected === null) {
    assert.ok(Object.is(actual, expected), `${String(actual)} is not ${String(expected)}`);
    return;
  }
  assert.equal(Object.getPrototypeOf(actual), Object.getPrototypeOf(expected));
  if (expected instanceof Date) assert.ok(Object.is((actual as Date).getTime(), expected.getTime()));
  const [seen, wanted] = [partsOf(actual as object), partsOf(expected)];
  assert.equal(seen.length, wanted.length);
  wanted.forEach((part, at) => { assertSameInOrder(seen[at], part); });
}

function partsOf(value: object): unknown[] {
  if (value instanceof Map) return [...value].flat();
  if (value instanceof Set) return [...value];
  return Object.entries(value).flat();
}

function hasInvalidDate(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof Date ? Number.isNaN(value.getTime()) : partsOf(value).some(hasInvalidDate);
}

function assertRightlyRefused(error: unknown, value: unknown): void {
  assert.ok(error instanceof ContextError, `not a ContextError: ${String(error)}`);
  assert.equal(error.store, 'any');
  assert.match(error.path, /^any(\.|$)/);
  assert.ok(candidates(value, error.path).some(isUnacceptable), `nothing unacceptable at ${JSON.stringify(error.path)}`);
}

/** The values that a path may stand for: keys may hold dots themselves. */
function candidates(value: unknown, path: string): unknown[] {
  const found: unknown[] = [];
  const walk = (at: unknown, shown: string): void => {
    if (shown === path) found.push(at);
    if (path.startsWith(`${shown}.`)) for (const [name, item] of steps(at)) walk(item, `${shown}.${name}`);
  };
  walk(value, 'any');
  return found;
}

/** A value as a path sees it: a Map is the list of its pairs, a Set the list of its members. */
function steps(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  if (value instanceof Map) return [...value].map((pair, at) => [String(at), pair]);
  if (value instanceof Set) return [...value].map((item, at) => [String(at), item]);
  const symbols = Object.getOwnPropertySymbols(value).map((symbol): [string, unknown] => [String(symbol), symbol]);
  const names = Object.entries(Object.getOwnPropertyDescriptors(value)).map(([name, { get, value: item }]): [string, unknown] => [name, get ?? (name === '$offloop' ? Symbol('reserved') : item)]);
  return [...symbols, ...names];
}

/** Whether a value, without its content, is of none of the plain kinds. The check is independent of the code under test. */
function isUnacceptable(value: unknown): boolean {
  if (typeof value === 'function' || typeof value === 'symbol') return true;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) {
    const isDense = Array.from({ length: value.length }, (_, at) => Object.hasOwn(value, at)).every(Boolean);
    return Object.getPrototypeOf(value) !== Array.prototype || !isDense || Reflect.ownKeys(value).length !== value.length + 1;
  }
  const plainPrototypes: unknown[] = [null, Object.prototype, Map.prototype, Set.prototype, Date.prototype];
  return !plainPrototypes.includes(Object.getPrototypeOf(value));
}
