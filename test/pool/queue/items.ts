import { Turn, type SharingItem } from '../../../src/pool/queue/turns.ts';
import type { TaskQueue } from '../../../src/pool/queue/task-queue.ts';

/** An item of a queue under test. */
export interface Item extends SharingItem {
  readonly id: number;
}

/** Items of three classes come in turns. */
const classes = [{ waiting: 0 }, { waiting: 0 }, { waiting: 0 }];

export function itemOf({ id, priority = 0, calledAt = id, lane = 0, learned = classes[id % classes.length]!, key }: Partial<Item> & { id: number; key?: string }): Item {
  return { id, priority, calledAt, lane, learned, turn: new Turn(key), next: undefined, previous: undefined, isQueued: false, isRequeued: false };
}

export function* drained(queue: TaskQueue<Item>): Generator<Item> {
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) yield item;
}
