import { describe, expect, it } from 'vitest';

import { SharedObjectGuard } from '../../../src/wire/shared-objects.ts';
import { prepareList } from '../../../src/wire/values/cloneability.ts';
import { explainUncloneable } from '../../../src/wire/values/uncloneable.ts';

class Point {
  x = 1;
}

const look = (...args: unknown[]): unknown => prepareList(args, 'args', { channel: 'message', transfer: undefined, exports: undefined }).prepared;

/** Makes one item tell whether the item has been read. */
function watched(items: unknown[], at: number): { items: unknown[]; wasRead(): boolean } {
  let reads = 0;
  Object.defineProperty(items, at, { enumerable: true, get: () => reads++ });
  return { items, wasRead: () => reads > 0 };
}

describe('the check of a value', () => {
  it.each<[string, unknown[]]>([
    ['many numbers', Array.from({ length: 1_000_000 }, (_, i) => i)],
    ['holes', []],
    ['one object, again and again', Array.from({ length: 300_000 }, () => Object.prototype)],
  ])('visits no more than 100,000 values: %s', (_what, list) => {
    const { items, wasRead } = watched(list, 200_000);
    look(items);
    expect(new SharedObjectGuard().add(items)).toBe(false);
    expect(wasRead()).toBe(false);
  });

  it('visits no more than 1,000 objects', () => {
    const rows = Array.from({ length: 5000 }, () => ({}));
    expect(look([...rows, new Point()])).toBeUndefined();
    expect(() => look([...rows.slice(0, 990), new Point()])).toThrow(/`args\[0\]\[990\]` is an instance of Point/);
  });

  it('finds an object at the end of 99,000 numbers, and behind a long array', () => {
    const numbers = Array.from({ length: 99_000 }, (_, i) => i);
    expect(() => look([...numbers, new Point()])).toThrow('args[0][99000]');
    expect(() => look(Array.from({ length: 1_000_000 }, () => 1), { deep: { point: new Point() } })).toThrow('args[1].deep.point');
  });

  it('ends early in a Map, a Set and an object', () => {
    const many = Array.from({ length: 150_000 }, (_, i) => i);
    for (const value of [new Map(many.map((i) => [i, i])), new Set(many), Object.fromEntries(many.map((i) => [`k${i}`, i]))]) {
      expect(look({ value, point: 1 })).toBeUndefined();
      expect(new SharedObjectGuard().add(value)).toBe(false);
    }
  });
});

it('the search for the part that cannot be cloned ends, and finds a function among a million values', () => {
  const items: unknown[] = Array.from({ length: 900_000 }, (_, i) => i);
  items.push(() => undefined);
  expect(explainUncloneable([items], 'args', new Error('no')).path).toBe('args[0][900000]');
  const objects = Array.from({ length: 300_000 }, () => ({}));
  expect(explainUncloneable([objects], 'args', new Error('no')).path).toMatch(/^args/);
});
