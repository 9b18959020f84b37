/** A place in the queue; the queue's own links live in it, so that leaving from the middle costs nothing. */
export interface Queued {
  readonly priority: number;
  next: Queued | undefined;
  previous: Queued | undefined;
  isQueued: boolean;
  /** It had left the queue, and has come back. */
  isBack: boolean;
}

interface Level {
  readonly priority: number;
  first: Queued | undefined;
  last: Queued | undefined;
}

/** Waiting calls: larger priorities first, then first come, first served. Adding, taking and leaving are O(1) per level. */
export class TaskQueue<T extends Queued> {
  /** Sorted, the largest priority first; few, since programs use few priorities. */
  readonly #levels: Level[] = [];
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
    if (level.last === undefined) level.first = item;
    else level.last.next = item;
    level.last = item;
    item.isQueued = true;
    this.#size++;
  }

  /** Back to the place that it came from: before its equals. */
  unshift(item: T): void {
    const level = this.#levelOf(item.priority);
    item.next = level.first;
    if (level.first === undefined) level.last = item;
    else level.first.previous = item;
    level.first = item;
    item.isQueued = item.isBack = true;
    this.#size++;
    this.#back++;
  }

  get first(): T | undefined {
    return this.#levels.find((level) => level.first !== undefined)?.first as T | undefined;
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
    if (level.first === undefined && level.priority !== 0) this.#levels.splice(this.#levels.indexOf(level), 1);
  }

  #levelOf(priority: number): Level {
    const at = this.#levels.findIndex((level) => level.priority <= priority);
    const found = this.#levels[at];
    if (found?.priority === priority) return found;
    const level: Level = { priority, first: undefined, last: undefined };
    this.#levels.splice(at === -1 ? this.#levels.length : at, 0, level);
    return level;
  }
}
