import { Heap, type Heaped } from './heap.ts';
import { Lanes, type Accept } from './lanes.ts';
import { Turns, type SharingItem } from './turns.ts';
import { WaitingClasses } from './waiting-classes.ts';

/** The calls of one priority. */
interface Level extends Heaped {
  readonly priority: number;
  readonly calls: Lanes<SharingItem> | Turns;
}

/** How many levels are kept, even when they are empty: a program that uses few priorities uses the same ones again. */
const KEPT_LEVELS = 16;

/**
 * Waiting calls: larger priorities first, then by turns, where calls have keys, then in the order of lanes.ts. Adding and removing is O(1)
 * where few priorities and keys are in use, and O(log n) for n of them: a program may give each call a priority of its own, such as
 * the time when it is due.
 */
export class TaskQueue<T extends SharingItem> {
  /** Whether calls take turns by their keys. */
  readonly hasTurns: boolean;
  readonly #defaultLevel: Level;
  /** Levels by priority. A `Map` treats -0 and 0 as the same key. */
  readonly #levels: Map<number, Level>;
  /** The levels that hold calls. */
  readonly #heap = new Heap<Level>((one, other) => one.priority > other.priority);
  /** The level that was used last: most programs use one priority, and need no lookup in the map. */
  #recent: Level;
  /** The classes of the waiting items. */
  readonly #classes = new WaitingClasses<T['learned']>();
  #size = 0;
  #requeued = 0;

  /** @param hasTurns whether calls take turns by their shares */
  constructor(hasTurns = false) {
    this.hasTurns = hasTurns;
    this.#defaultLevel = this.#recent = this.#emptyLevel(0);
    this.#levels = new Map([[0, this.#defaultLevel]]);
  }

  get size(): number {
    return this.#size;
  }

  /** The size that counts against `maxQueue`: calls that were put back have been admitted before. */
  get sizeWithoutRequeued(): number {
    return this.#size - this.#requeued;
  }

  push(item: T): void {
    const level = this.#levelOf(item.priority);
    level.calls.push(item);
    this.#add(level, item);
  }

  /** Puts an item back to where it came from, by the time of its call, among those of its priority, key and lane. */
  unshift(item: T): void {
    const level = this.#levelOf(item.priority);
    level.calls.unshift(item);
    this.#add(level, item);
    item.isRequeued = true;
    this.#requeued++;
  }

  get first(): T | undefined {
    return this.#heap.top?.calls.first as T | undefined;
  }

  /** The first item that is accepted. @param atLeast items of a lower priority are left out */
  find(accept: Accept, atLeast = -Infinity): T | undefined {
    return this.#heap.findIn(({ calls, priority }) => (priority < atLeast ? undefined : calls.find(accept))) as T | undefined;
  }

  /** Whether an item of an accepted class waits. Takes as long as there are classes, while `find()` looks at each key and priority. */
  hasClass(accept: (learned: T['learned']) => boolean): boolean {
    return this.#classes.some(accept);
  }

  /** With turns, removes an item that leaves for a worker. @param ms what it is expected to take, for its share */
  take(item: T, ms: number): void {
    if (item.isQueued) (this.#levelOf(item.priority).calls as Turns).charge(item, ms);
    this.remove(item);
  }

  shift(): T | undefined {
    const { first } = this;
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(item: T): void {
    if (!item.isQueued) return;
    const level = this.#levelOf(item.priority);
    level.calls.remove(item);
    if (item.isRequeued) this.#requeued--;
    item.isQueued = item.isRequeued = false;
    item.learned.waiting--;
    this.#size--;
    if (level.calls.isEmpty) this.#close(level);
  }

  #add(level: Level, item: T): void {
    if (level.heapIndex < 0) this.#heap.add(level);
    item.isQueued = true;
    if (item.learned.waiting++ === 0) this.#classes.add(item.learned);
    this.#size++;
  }

  #levelOf(priority: number): Level {
    if (this.#recent.priority === priority) return this.#recent;
    let level = this.#levels.get(priority);
    if (level === undefined) this.#levels.set(priority, (level = this.#emptyLevel(priority)));
    return (this.#recent = level);
  }

  #close(level: Level): void {
    this.#heap.remove(level);
    if (this.#levels.size <= KEPT_LEVELS || level === this.#defaultLevel) return;
    this.#levels.delete(level.priority);
    this.#recent = this.#defaultLevel;
  }

  #emptyLevel(priority: number): Level {
    return { priority, heapIndex: -1, calls: this.hasTurns ? new Turns() : new Lanes() };
  }
}
