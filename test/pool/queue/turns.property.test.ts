import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TaskQueue } from '../../../src/pool/queue/task-queue.ts';
import { drained, itemOf, type Item } from './items.ts';

/** Takes the next item as a dispatcher does. @param estimate ms that its share is charged at once @param ms what the run then takes */
function serve(queue: TaskQueue<Item>, estimate: number, ms = estimate): Item | undefined {
  const { first } = queue;
  if (first === undefined) return undefined;
  queue.take(first, estimate);
  first.turn!.correct(ms);
  return first;
}

describe('with keys, waiting calls', () => {
  it('give each key the same time, whatever its calls take and however wrong the estimates are', () => {
    const keys = fc.array(fc.record({ ms: fc.double({ min: 0.1, max: 50, noNaN: true }), estimate: fc.double({ min: 0, max: 50, noNaN: true }) }), { minLength: 2, maxLength: 8 });
    fc.assert(fc.property(keys, (tenants) => {
      const queue = new TaskQueue<Item>(true);
      const calls = 3000;
      for (const [key] of tenants.entries()) for (let id = 0; id < calls; id++) queue.push(itemOf({ id, key: String(key) }));
      const served = tenants.map(() => 0);
      for (let turn = 0; turn < calls; turn++) {
        const key = Number(queue.first!.turn!.key);
        const { ms, estimate } = tenants[key]!;
        serve(queue, estimate, ms);
        served[key]! += ms;
      }
      const longest = Math.max(...tenants.map(({ ms }) => ms));
      expect(Math.max(...served) - Math.min(...served)).toBeLessThanOrEqual(longest + 0.01);
    }), { numRuns: 30 });
  });

  it('start a key that comes late where the others are, and take turns at once', () => {
    const queue = new TaskQueue<Item>(true);
    for (let id = 0; id < 100; id++) queue.push(itemOf({ id, key: 'flood' }));
    for (let i = 0; i < 50; i++) serve(queue, 2);
    for (let id = 100; id < 103; id++) queue.push(itemOf({ id, key: 'late' }));
    expect([1, 2, 3, 4, 5, 6].map(() => serve(queue, 2)?.turn?.key)).toEqual(['late', 'flood', 'late', 'flood', 'late', 'flood']);
  });

  it('remember what a key had too much while it has no waiting call', () => {
    const queue = new TaskQueue<Item>(true);
    const heavy = itemOf({ id: 0, key: 'heavy' });
    queue.push(heavy);
    serve(queue, 1, 100);
    for (let id = 1; id <= 30; id++) queue.push(itemOf({ id, key: 'other' }));
    queue.push(itemOf({ id: 31, key: 'heavy' }));
    const order = Array.from({ length: 31 }, () => serve(queue, 10)?.turn?.key);
    expect(order.indexOf('heavy')).toBeGreaterThanOrEqual(9);
    expect(order.indexOf('heavy')).toBeLessThanOrEqual(11);
  });

  it('without a key take one turn together', () => {
    const queue = new TaskQueue<Item>(true);
    for (let id = 0; id < 4; id++) queue.push(itemOf({ id }));
    for (let id = 4; id < 8; id++) queue.push(itemOf({ id, key: 'a' }));
    const keys = Array.from({ length: 8 }, () => serve(queue, 1)?.turn?.key);
    expect(keys.filter((_, i) => i % 2 === 0)).toEqual(Array(4).fill(keys[0]));
  });

  it('leave in the order of their priority first, and of one key in the order of their lanes', () => {
    const queue = new TaskQueue<Item>(true);
    const items = [
      itemOf({ id: 0, key: 'a', lane: 9 }), itemOf({ id: 1, key: 'a', lane: 1 }), itemOf({ id: 2, key: 'b', priority: 1 }), itemOf({ id: 3, key: 'constructor' }),
    ];
    for (const item of items) queue.push(item);
    expect([1, 2, 3, 4].map(() => serve(queue, 1)?.id)).toEqual([2, 1, 3, 0]);
  });

  it('keep their order and their keys through any pushes, removals and returns, also with thousands of keys', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ act: fc.constant('push' as const), key: fc.integer({ min: 0, max: 3000 }), priority: fc.constantFrom(0, 1, 2) }) },
      fc.record({ act: fc.constantFrom('take' as const, 'remove' as const, 'return' as const), of: fc.nat() }),
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const queue = new TaskQueue<Item>(true);
      const waiting = new Set<Item>();
      const left: Item[] = [];
      for (const [id, next] of steps.entries()) {
        if (next.act === 'push') {
          const item = itemOf({ id, key: String(next.key), priority: next.priority });
          queue.push(item);
          waiting.add(item);
        } else if (next.act === 'take' && waiting.size > 0) {
          const item = serve(queue, 1)!;
          expect(item.priority).toBe(Math.max(...[...waiting].map(({ priority }) => priority)));
          waiting.delete(item);
          left.push(item);
        } else if (next.act === 'remove' && waiting.size > 0) {
          const item = [...waiting][next.of % waiting.size]!;
          queue.remove(item);
          waiting.delete(item);
        } else if (next.act === 'return' && left.length > 0) {
          const [item] = left.splice(next.of % left.length, 1) as [Item];
          queue.unshift(item);
          waiting.add(item);
        }
        expect(queue.size).toBe(waiting.size);
      }
      expect(new Set(drained(queue))).toEqual(waiting);
    }), { numRuns: 100 });
  });
});
