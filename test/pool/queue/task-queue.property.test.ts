import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { laneOf, leastOfLane } from '../../../src/pool/learned/learned.ts';
import { TaskQueue } from '../../../src/pool/queue/task-queue.ts';
import { drained, itemOf, type Item } from './items.ts';

/** The README's promise: a call is overtaken only by calls that were made within this many times its own expected run time. */
const AGING = 4;

/** The simplest queue: one list for each priority and lane, and a search for the next item. */
class NaiveQueue {
  readonly #lists = new Map<string, Item[]>();
  readonly #back = new Set<Item>();

  get size(): number {
    return this.order.length;
  }

  get sizeWithoutRequeued(): number {
    return this.size - this.#back.size;
  }

  get order(): readonly Item[] {
    const lists = [...this.#lists.values()].map((list) => [...list]);
    const order: Item[] = [];
    for (;;) {
      const [next] = lists.filter((list) => list.length > 0).sort(([one], [other]) => byOrder(one!, other!));
      if (next === undefined) return order;
      order.push(next.shift()!);
    }
  }

  push(item: Item): void {
    this.#listOf(item).push(item);
  }

  unshift(item: Item): void {
    const list = this.#listOf(item);
    const at = list.findIndex(({ id }) => id > item.id);
    list.splice(at === -1 ? list.length : at, 0, item);
    this.#back.add(item);
  }

  remove(item: Item): void {
    const list = this.#listOf(item);
    if (list.includes(item)) list.splice(list.indexOf(item), 1);
    this.#back.delete(item);
  }

  #listOf({ priority, lane }: Item): Item[] {
    const key = `${String(priority + 0)} ${String(lane)}`;
    if (!this.#lists.has(key)) this.#lists.set(key, []);
    return this.#lists.get(key)!;
  }
}

function byOrder(one: Item, other: Item): number {
  return other.priority - one.priority || keyOf(one) - keyOf(other) || one.lane - other.lane || one.id - other.id;
}

function keyOf({ calledAt, lane }: Item): number {
  return calledAt + AGING * leastOfLane(lane);
}

const few = fc.constantFrom(0, -0, 1, -1, 5);
const many = fc.oneof(few, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -40, max: 40 }));
const oneLane = fc.constant(0);
const lanes = fc.integer({ min: 1, max: 9 });

/** `of` chooses one of the items that have left or that wait. */
const step = (priority: fc.Arbitrary<number>, lane: fc.Arbitrary<number>) => fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('push' as const), priority, lane, after: fc.integer({ min: 0, max: 300 }) }) },
  fc.record({ act: fc.constantFrom('unshift' as const, 'remove' as const), of: fc.nat() }),
  fc.record({ act: fc.constant('shift' as const) }),
);

type Step = ReturnType<typeof step> extends fc.Arbitrary<infer T> ? T : never;

function play(steps: readonly Step[]): void {
  const queue = new TaskQueue<Item>();
  const naive = new NaiveQueue();
  const left: Item[] = [];
  const wanted = itemOf({ id: 0 });
  let [clock, id] = [0, 0];
  for (const next of steps) {
    if (next.act === 'push') {
      const { priority, lane, after } = next;
      const item = itemOf({ id: id++, priority, lane, calledAt: (clock += after) });
      queue.push(item);
      naive.push(item);
    } else if (next.act === 'unshift' && left.length > 0) {
      const [item] = left.splice(next.of % left.length, 1) as [Item];
      queue.unshift(item);
      naive.unshift(item);
    } else if (next.act === 'remove' && queue.size > 0) {
      leave(naive.order[next.of % queue.size]!, (item) => { queue.remove(item); });
    } else if (next.act === 'shift') {
      const [expected] = naive.order;
      expect(queue.shift()).toBe(expected);
      if (expected !== undefined) leave(expected, () => undefined);
    }
    expect(queue).toMatchObject({ size: naive.size, sizeWithoutRequeued: naive.sizeWithoutRequeued });
    expect(queue.first).toBe(naive.order[0]);
    const accept = ({ learned, lane }: Pick<Item, 'learned' | 'lane'>): boolean => learned === wanted.learned && lane % 2 === 0;
    expect(queue.find(accept)).toBe(naive.order.find(accept));
    expect(queue.hasClass((learned) => learned === wanted.learned)).toBe(naive.order.some(({ learned }) => learned === wanted.learned));
  }
  const rest = naive.order;
  expect([...drained(queue)]).toEqual(rest);

  function leave(item: Item, take: (item: Item) => void): void {
    take(item);
    // Removing a call twice is the same as removing it once.
    queue.remove(item);
    naive.remove(item);
    left.push(item);
  }
}

describe('the queue', () => {
  it.each([['few', few, oneLane], ['many', many, oneLane], ['few', few, lanes], ['many', many, lanes]])('returns the same items as plain lists, with %s priorities', (_name, priority, lane) => {
    fc.assert(fc.property(fc.array(step(priority, lane), { maxLength: 120 }), play), { numRuns: 200 });
  });

  it('lets no call be overtaken by one that was made more than 4 times its own expected run time later, and never reorders equal ones', () => {
    const calls = fc.array(fc.record({ after: fc.integer({ min: 0, max: 100 }), ms: fc.double({ min: 0, max: 3000, noNaN: true }) }), { maxLength: 60 });
    fc.assert(fc.property(calls, (list) => {
      const queue = new TaskQueue<Item>();
      const expected = new Map<Item, number>();
      let calledAt = 0;
      for (const [id, { after, ms }] of list.entries()) {
        const item = itemOf({ id, calledAt: (calledAt += after), lane: laneOf(ms) });
        expected.set(item, ms);
        queue.push(item);
      }
      const order = [...drained(queue)];
      for (const [at, item] of order.entries()) {
        for (const before of order.slice(0, at).filter(({ id }) => id > item.id)) {
          expect(before.calledAt - item.calledAt).toBeLessThanOrEqual(AGING * expected.get(item)!);
          expect(before.lane).toBeLessThan(item.lane);
        }
      }
    }));
  });

  it('finds the first item that may leave, and none of a lower priority than asked for', () => {
    const queue = new TaskQueue<Item>();
    const [low, heavy, light] = [itemOf({ id: 0, priority: -1, lane: 1 }), itemOf({ id: 1, lane: 9 }), itemOf({ id: 2, lane: 2 })];
    for (const item of [low, heavy, light]) queue.push(item);
    expect(queue.find(({ lane }) => lane < 5)).toBe(light);
    expect(queue.find(({ lane }) => lane === 1)).toBe(low);
    expect(queue.find(({ lane }) => lane === 1, 0)).toBeUndefined();
  });

  it('compares a call with few other calls, however many priorities there are', () => {
    let compared = 0;
    const queue = new TaskQueue<Item>();
    const count = 4000;
    for (let id = 0; id < count; id++) {
      // Counts the comparisons of this priority, which behaves like a number.
      const priority = { valueOf: () => { compared++; return (id * 7919) % count; } } as unknown as number;
      queue.push(itemOf({ id, priority }));
    }
    expect([...drained(queue)].map(({ priority }) => priority.valueOf())).toEqual(Array.from({ length: count }, (_, i) => count - 1 - i));
    expect(compared).toBeLessThan(100 * count);
  });
});
