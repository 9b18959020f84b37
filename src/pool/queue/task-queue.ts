/** An item of the queue. It has the links to its neighbours, so that removing it from the middle takes constant time. */
export interface Queued {
  readonly priority: number;
  next: Queued | undefined;
  previous: Queued | undefined;
  isQueued: boolean;
  /** Whether the item had left the queue and was put back. */
  isRequeued: boolean;
}

/** The calls of one priority. */
interface Level {
  readonly priority: number;
  first: Queued | undefined;
  last: Queued | undefined;
  /** Index in the heap, which has the levels that hold calls. */
  heapIndex: number;
}

/** How many levels are kept, even when they are empty: a program that uses few priorities uses the same ones again. */
const KEPT_LEVELS = 16;

/**
 * Waiting calls: larger priorities first, then first come, first served. Adding and removing is O(1) where few priorities are
 * in use, and O(log n) for n priorities: a program may give each call a priority of its own, such as the time when it is due.
 */
export class TaskQueue<T extends Queued> {
  readonly #defaultLevel = emptyLevel(0);
  /** Levels by priority. A `Map` treats -0 and 0 as the same key. */
  readonly #levels = new Map<number, Level>([[0, this.#defaultLevel]]);
  /** A heap of the levels that hold calls, the largest priority on top: no level is smaller than the two at `2 * i + 1` and `2 * i + 2`. */
  readonly #heap: Level[] = [];
  /** The level that was used last: most programs use one priority, and need no lookup in the map. */
  #recent = this.#defaultLevel;
  #size = 0;
  #requeued = 0;

  get size(): number {
    return this.#size;
  }

  /** The size that counts against `maxQueue`: calls that were put back have been admitted before. */
  get sizeWithoutRequeued(): number {
    return this.#size - this.#requeued;
  }

  push(item: T): void {
    const level = this.#levelOf(item.priority);
    item.previous = level.last;
    if (level.last === undefined) this.#addToHeap(level, item);
    else level.last.next = item;
    level.last = item;
    item.isQueued = true;
    this.#size++;
  }

  /** Puts an item back to where it came from: before the others of its priority. */
  unshift(item: T): void {
    const level = this.#levelOf(item.priority);
    const { first } = level;
    item.next = first;
    if (first === undefined) {
      this.#addToHeap(level, item);
      level.last = item;
    } else {
      first.previous = item;
      level.first = item;
    }
    item.isQueued = item.isRequeued = true;
    this.#size++;
    this.#requeued++;
  }

  get first(): T | undefined {
    return this.#heap[0]?.first as T | undefined;
  }

  shift(): T | undefined {
    const { first } = this;
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(item: T): void {
    if (!item.isQueued) return;
    const level = this.#levelOf(item.priority);
    if (item.previous === undefined) level.first = item.next;
    else item.previous.next = item.next;
    if (item.next === undefined) level.last = item.previous;
    else item.next.previous = item.previous;
    item.next = item.previous = undefined;
    if (item.isRequeued) this.#requeued--;
    item.isQueued = item.isRequeued = false;
    this.#size--;
    if (level.first === undefined) this.#removeFromHeap(level);
  }

  #levelOf(priority: number): Level {
    if (this.#recent.priority === priority) return this.#recent;
    let level = this.#levels.get(priority);
    if (level === undefined) this.#levels.set(priority, (level = emptyLevel(priority)));
    return (this.#recent = level);
  }

  /** Adds the first item to an empty level, and the level to the heap. */
  #addToHeap(level: Level, item: Queued): void {
    level.first = item;
    this.#siftUp(level, this.#heap.length);
  }

  /** Removes a level that has become empty. */
  #removeFromHeap(level: Level): void {
    const last = this.#heap.pop()!;
    if (last !== level) this.#restoreOrder(last, level.heapIndex);
    if (this.#levels.size <= KEPT_LEVELS || level === this.#defaultLevel) return;
    this.#levels.delete(level.priority);
    this.#recent = this.#defaultLevel;
  }

  /** Puts a level at an index inside the heap that has become free: the level may belong above or below that index. */
  #restoreOrder(level: Level, at: number): void {
    this.#siftUp(level, at);
    if (level.heapIndex === at) this.#siftDown(level, at);
  }

  #siftUp(level: Level, from: number): void {
    let at = from;
    while (at > 0) {
      const above = this.#heap[(at - 1) >> 1]!;
      if (above.priority > level.priority) break;
      this.#put(above, at);
      at = (at - 1) >> 1;
    }
    this.#put(level, at);
  }

  #siftDown(level: Level, from: number): void {
    let at = from;
    for (;;) {
      const larger = this.#largerOf(2 * at + 1, 2 * at + 2);
      if (larger === undefined || larger.priority < level.priority) break;
      const next = larger.heapIndex;
      this.#put(larger, at);
      at = next;
    }
    this.#put(level, at);
  }

  #largerOf(left: number, right: number): Level | undefined {
    const [one, other] = [this.#heap[left], this.#heap[right]];
    return one === undefined || other === undefined || one.priority > other.priority ? one : other;
  }

  #put(level: Level, at: number): void {
    this.#heap[at] = level;
    level.heapIndex = at;
  }
}

function emptyLevel(priority: number): Level {
  return { priority, first: undefined, last: undefined, heapIndex: -1 };
}
