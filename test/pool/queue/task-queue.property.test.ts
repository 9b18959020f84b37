import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TaskQueue, type Queued } from '../../../src/pool/queue/task-queue.ts';

interface Item extends Queued {
  readonly id: number;
}

/** The simplest queue: a list in the order in which its items leave. */
class NaiveQueue {
  readonly #items: Item[] = [];
  readonly #back = new Set<Item>();

  get order(): readonly Item[] {
    return this.#items;
  }

  get sizeWithoutRequeued(): number {
    return this.#items.length - this.#back.size;
  }

  push(item: Item): void {
    const behind = this.#items.findIndex(({ priority }) => priority < item.priority);
    this.#items.splice(behind === -1 ? this.#items.length : behind, 0, item);
  }

  unshift(item: Item): void {
    const before = this.#items.findIndex(({ priority }) => priority <= item.priority);
    this.#items.splice(before === -1 ? this.#items.length : before, 0, item);
    this.#back.add(item);
  }

  remove(item: Item): void {
    const at = this.#items.indexOf(item);
    if (at !== -1) this.#items.splice(at, 1);
    this.#back.delete(item);
  }
}

const few = fc.constantFrom(0, -0, 1, -1, 5);
const many = fc.oneof(few, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -40, max: 40 }));

/** `of` chooses one of the items that have left or that wait. */
const step = (priority: fc.Arbitrary<number>) => fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('push' as const), priority }) },
  fc.record({ act: fc.constantFrom('unshift' as const, 'remove' as const), of: fc.nat() }),
  fc.record({ act: fc.constant('shift' as const) }),
);

type Step = ReturnType<typeof step> extends fc.Arbitrary<infer T> ? T : never;

function play(steps: readonly Step[]): void {
  const queue = new TaskQueue<Item>();
  const naive = new NaiveQueue();
  const left: Item[] = [];
  for (const next of steps) {
    if (next.act === 'push') {
      const item: Item = { id: left.length + queue.size, priority: next.priority, next: undefined, previous: undefined, isQueued: false, isRequeued: false };
      queue.push(item);
      naive.push(item);
    } else if (next.act === 'unshift' && left.length > 0) {
      const [item] = left.splice(next.of % left.length, 1) as [Item];
      queue.unshift(item);
      naive.unshift(item);
    } else if (next.act === 'remove' && queue.size > 0) {
      leave(naive.order[next.of % queue.size]!, (item) => { queue.remove(item); });
    } else if (next.act === 'shift') {
      const expected = naive.order[0];
      expect(queue.shift()).toBe(expected);
      if (expected !== undefined) leave(expected, () => undefined);
    }
    expect(queue).toMatchObject({ size: naive.order.length, sizeWithoutRequeued: naive.sizeWithoutRequeued });
    expect(queue.first).toBe(naive.order[0]);
  }
  expect([...drained(queue)]).toEqual([...naive.order]);

  function leave(item: Item, take: (item: Item) => void): void {
    take(item);
    // Removing a call twice is the same as removing it once.
    queue.remove(item);
    naive.remove(item);
    left.push(item);
  }
}

function* drained(queue: TaskQueue<Item>): Generator<Item> {
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) yield item;
}

describe('the queue', () => {
  it.each([['few', few], ['many', many]])('returns the same items as a plain list, with %s priorities', (_name, priority) => {
    fc.assert(fc.property(fc.array(step(priority), { maxLength: 120 }), play), { numRuns: 300 });
  });

  it('compares a call with few other calls, however many priorities there are', () => {
    let compared = 0;
    const queue = new TaskQueue<Item>();
    const count = 4000;
    for (let id = 0; id < count; id++) {
      // Counts the comparisons of this priority, which behaves like a number.
      const priority = { valueOf: () => { compared++; return (id * 7919) % count; } } as unknown as number;
      queue.push({ id, priority, next: undefined, previous: undefined, isQueued: false, isRequeued: false });
    }
    expect([...drained(queue)].map(({ priority }) => priority.valueOf())).toEqual(Array.from({ length: count }, (_, i) => count - 1 - i));
    expect(compared).toBeLessThan(100 * count);
  });
});
