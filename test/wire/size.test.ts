import { runInNewContext } from 'node:vm';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Object, Array } from '../../src/node/intrinsics.ts';
import { prepareList, sizeOfSimpleList } from '../../src/wire/values/cloneability.ts';
import { NOT_SIMPLE, simpleSize } from '../../src/wire/values/simple.ts';
import type { Size } from '../../src/wire/size.ts';
import { sizeClassOf } from '../../src/pool/learned/size-class.ts';

const options = (transfer?: object[]) => ({ channel: 'message' as const, transfer: transfer as undefined, exports: undefined });

/** As the pool does it: the quick check first, and the full one only where that says nothing. */
function sizeOf(args: readonly unknown[], transfer?: object[]): Size {
  const size = sizeOfSimpleList(args, options(transfer));
  return size === NOT_SIMPLE ? prepareList(args, 'args', options(transfer)) : { size, isPartial: false };
}

const counts = (...args: unknown[]): number => sizeOf(args).size;
const text = (length: number): string => 'x'.repeat(length);

describe('the size of arguments', () => {
  it.each<[string, unknown[], number]>([
    ['nothing', [], 1],
    ['a few values', [1, true, null, undefined], 5],
    ['a text', [text(1000)], 1002],
    ['a text in an object', [{ body: text(1000) }], 1003],
    ['texts in a list in an object', [{ rows: [text(100), text(200)] }], 305],
    ['a Buffer', [Buffer.alloc(4096)], 4098],
    ['typed numbers', [new Float64Array(512)], 4098],
    ['a DataView', [new DataView(new ArrayBuffer(64))], 66],
    ['shared memory', [new SharedArrayBuffer(128)], 130],
    ['memory of another realm', [runInNewContext('new ArrayBuffer(256)')], 258],
    ['a Buffer in an object', [{ data: Buffer.alloc(4096) }], 4099],
    ['a Map', [new Map([['key', text(1000)]])], 1007],
    ['a Set', [new Set([1, 2, 3])], 5],
    ['a Date', [new Date(0)], 2],
    ['more values than the quick check visits', [Array.from({ length: 500 }, (_, i) => i)], 502],
    ['the same list twice', [[Buffer.alloc(10)], 1], 14],
  ])('is the number of values, letters and bytes: %s', (_what, args, size) => {
    expect(sizeOf(args)).toMatchObject({ size, isPartial: false });
  });

  it('counts the bytes of what is transferred', () => {
    const buffer = new ArrayBuffer(2048);
    expect(sizeOf([buffer, 1], [buffer])).toMatchObject({ size: 2051, isPartial: false });
    expect(sizeOf([{ buffer }], [buffer]).size).toBe(2051);
  });

  it('counts a value that is met again, or that holds itself, once', () => {
    const data = Buffer.alloc(1000);
    const cyclic: Record<string, unknown> = { data };
    cyclic.self = cyclic;
    expect(counts({ one: data, other: data })).toBe(1004);
    expect(counts(cyclic)).toBe(1004);
  });

  it('is partial beyond the budget, where lists count with their whole length, and costs no more', () => {
    const long = Array.from({ length: 3_000_000 }, (_, i) => i);
    const rows = Array.from({ length: 50_000 }, () => ({}));
    for (const list of [long, rows]) {
      const { size, isPartial } = sizeOf([list]);
      expect(isPartial).toBe(true);
      expect(Math.round(size / 10)).toBe(list.length / 10);
    }
    expect(sizeClassOf(sizeOf([long]))).toBeGreaterThan(sizeClassOf(sizeOf([text(2 ** 28)])));
    let reads = 0;
    Object.defineProperty(long, 200_000, { get: () => reads++ });
    sizeOf([long]);
    expect(reads).toBe(0);
  });

  it('is found without a stack overflow for what is nested deeply', () => {
    let [nested, withBuffer]: unknown[] = [0, Buffer.alloc(8)];
    for (let depth = 0; depth < 900; depth++) [nested, withBuffer] = [[nested], { withBuffer }];
    expect(counts(nested)).toBe(902);
    expect(counts(withBuffer)).toBe(910);
    for (let depth = 0; depth < 100_000; depth++) nested = [nested];
    expect(sizeOf([nested]).isPartial).toBe(true);
  });

  it('asks nothing of a proxy, and survives whatever throws', () => {
    const traps = new Proxy({}, { get: (_target, name) => { throw new Error(`asked for the trap ${String(name)}`); } });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const bytes = new Uint8Array(8);
    Object.defineProperty(bytes, 'length', { get() { throw new Error('read'); } });
    const detached = new DataView(new ArrayBuffer(8));
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(counts(new Proxy({}, traps), Buffer.alloc(8))).toBe(11);
    expect(counts(proxy, bytes)).toBe(11);
    expect(sizeOf([detached], [detached]).size).toBe(2);
    expect(counts({ get bad() { throw new Error('bad'); }, data: Buffer.alloc(8) })).toBe(12);
  });

  it('refuses a class instance, as ever', () => {
    class Point {
      x = 1;
    }
    expect(() => sizeOf([new Point()])).toThrow(/args\[0\]/);
  });
});

/** Reads of a getter at every place where one may be. */
function reads(place: (item: object) => unknown[]): number {
  let count = 0;
  sizeOf(place({ get value() { return count++; } }));
  return count;
}

describe('a getter in the arguments is read for the check alone, and never for the size', () => {
  it.each<[string, (item: object) => unknown[], number]>([
    ['simple arguments', (item) => [item], 1],
    ['a Buffer before it', (item) => [Buffer.alloc(8), item], 1],
    ['a Buffer behind it', (item) => [item, Buffer.alloc(8)], 2],
    ['a Map', (item) => [new Map([[1, item]])], 1],
  ])('%s', (_what, place, times) => {
    expect(reads(place)).toBe(times);
  });
});

/** The check of the version before sizes were counted. */
function wasSimple(value: unknown, left = { values: 100 }): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) {
    const items = value as unknown[];
    if (items.length > left.values || Object.getOwnPropertySymbols(items).length > 0) return false;
    return items.every((item) => --left.values >= 0 && wasSimple(item, left));
  }
  if (prototype !== Object.prototype) return false;
  for (const key in value) if (--left.values < 0 || !wasSimple((value as Record<string, unknown>)[key], left)) return false;
  return Object.getOwnPropertySymbols(value).length === 0;
}

describe('the quick check', () => {
  it('accepts what it accepted before sizes were counted, and nothing else', () => {
    const leaf = fc.oneof(fc.string(), fc.double(), fc.bigInt(), fc.constantFrom(null, undefined, true, Symbol.iterator, Buffer.alloc(3), new Map(), new Date(0), { [Symbol.iterator]: 1 }));
    const anything = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4, withCrossShrink: true }, leaf, fc.array(tie('any'), { maxLength: 40 }), fc.dictionary(fc.string(), tie('any'), { maxKeys: 20, noNullPrototype: true })),
    })).any;
    fc.assert(fc.property(anything, (value) => {
      expect(simpleSize(value) !== NOT_SIMPLE).toBe(wasSimple(value));
    }), { numRuns: 500 });
  });

  it('gives a simple value the size that the full check gives it', () => {
    const json = fc.array(fc.jsonValue(), { maxLength: 12 }).filter((list) => wasSimple(list));
    fc.assert(fc.property(json, (list) => {
      expect(sizeOfSimpleList(list, options())).toBe(prepareList(list, 'args', options()).size);
    }), { numRuns: 300 });
  });
});
