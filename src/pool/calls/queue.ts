/** A place in the queue; the queue's own links live in it, so that leaving from the middle costs nothing. */
export interface Queued {
  readonly priority: number;
  next: Queued | undefined;
  previous: Queued | undefined;
  isQueued: boolean;
  /** It had left the queue, and has come back. */
  isBack: boolean;
}

/** The calls of one priority. */
interface Level {
  readonly priority: number;
  first: Queued | undefined;
  last: Queued | undefined;
  /** Its place in the heap, where it is while it holds calls. */
  at: number;
}

/** So many levels are kept when they are empty: programs that use few priorities use the same ones again. */
const KEPT_LEVELS = 16;

/**
 * Waiting calls: larger priorities first, then first come, first served. Adding, taking and leaving are O(1) where few priorities
 * are in use, and O(log n) for n priorities: a program may well give each call one of its own, such as the time when it is due.
 */
export class TaskQueue<T extends Queued> {
  readonly #usual = emptyLevel(0);
  /** By priority; a `Map` takes -0 and 0 for the same key. */
  readonly #levels = new Map<number, Level>([[0, this.#usual]]);
  /** Those that hold calls, the largest priority on top: no level is smaller than the two at `2 * at + 1` and `2 * at + 2`. */
  readonly #heap: Level[] = [];
  /** That of the last call: most programs use one priority, and need no look into the map. */
  #recent = this.#usual;
  #size = 0;
  #back = 0;

  get size(): number {
    return this.#size;
  }

  /** Without those that have come back: they take nobody's place. */
  get newcomers(): number {
    return this.#size - this.#back;
  }

  push(item: T): void {
    const level = this.#levelOf(item.priority);
    item.previous = level.last;
    if (level.last === undefined) this.#begin(level, item);
    else level.last.next = item;
    level.last = item;
    item.isQueued = true;
    this.#size++;
  }

  /** Back to the place that it came from: before its equals. */
  unshift(item: T): void {
    const level = this.#levelOf(item.priority);
    const { first } = level;
    item.next = first;
    if (first === undefined) {
      this.#begin(level, item);
      level.last = item;
    } else {
      first.previous = item;
      level.first = item;
    }
    item.isQueued = item.isBack = true;
    this.#size++;
    this.#back++;
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
    if (item.isBack) this.#back--;
    item.isQueued = item.isBack = false;
    this.#size--;
    if (level.first === undefined) this.#end(level);
  }

  #levelOf(priority: number): Level {
    if (this.#recent.priority === priority) return this.#recent;
    let level = this.#levels.get(priority);
    if (level === undefined) this.#levels.set(priority, (level = emptyLevel(priority)));
    return (this.#recent = level);
  }

  /** It was empty, and gets its first call. */
  #begin(level: Level, item: Queued): void {
    level.first = item;
    this.#rise(level, this.#heap.length);
  }

  /** Its last call has left. */
  #end(level: Level): void {
    const last = this.#heap.pop()!;
    if (last !== level) this.#settle(last, level.at);
    if (this.#levels.size <= KEPT_LEVELS || level === this.#usual) return;
    this.#levels.delete(level.priority);
    this.#recent = this.#usual;
  }

  /** Puts a level into a place that has become free in the middle: it may belong above or beneath it. */
  #settle(level: Level, at: number): void {
    this.#rise(level, at);
    if (level.at === at) this.#sink(level, at);
  }

  #rise(level: Level, from: number): void {
    let at = from;
    while (at > 0) {
      const above = this.#heap[(at - 1) >> 1]!;
      if (above.priority > level.priority) break;
      this.#put(above, at);
      at = (at - 1) >> 1;
    }
    this.#put(level, at);
  }

  #sink(level: Level, from: number): void {
    let at = from;
    for (;;) {
      const larger = this.#largerOf(2 * at + 1, 2 * at + 2);
      if (larger === undefined || larger.priority < level.priority) break;
      const next = larger.at;
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
    level.at = at;
  }
}

function emptyLevel(priority: number): Level {
  return { priority, first: undefined, last: undefined, at: -1 };
}
