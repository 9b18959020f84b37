/** An item of a heap, which knows its place there, so that it can be moved and removed. */
export interface Heaped {
  /** -1 outside of the heap. */
  heapIndex: number;
}

/** A binary heap: the item that is before all others is on top. Adding, removing and moving take O(log n). */
export class Heap<T extends Heaped> {
  /** No item is after the two at `2 * i + 1` and `2 * i + 2`. */
  readonly #items: T[] = [];
  readonly #isBefore: (one: T, other: T) => boolean;

  constructor(isBefore: (one: T, other: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get top(): T | undefined {
    return this.#items[0];
  }

  /** The result of the first item, in their order, for which there is one. The search is called for few items: where the top has a result, for no other. */
  findIn<R>(search: (item: T) => R | undefined): R | undefined {
    let best: T | undefined;
    let found: R | undefined;
    for (const item of this.#items) {
      if (best !== undefined && !this.#isBefore(item, best)) continue;
      const result = search(item);
      if (result === undefined) continue;
      [best, found] = [item, result];
      if (item === this.top) break;
    }
    return found;
  }

  add(item: T): void {
    this.#siftUp(item, this.#items.length);
  }

  remove(item: T): void {
    const last = this.#items.pop()!;
    const at = item.heapIndex;
    item.heapIndex = -1;
    if (last !== item) this.#restoreOrder(last, at);
  }

  /** Call this when the order of an item has changed. */
  move(item: T): void {
    if (item.heapIndex >= 0) this.#restoreOrder(item, item.heapIndex);
  }

  /** Puts an item at an index inside the heap that is free: the item may belong above or below that index. */
  #restoreOrder(item: T, at: number): void {
    this.#siftUp(item, at);
    if (item.heapIndex === at) this.#siftDown(item, at);
  }

  #siftUp(item: T, from: number): void {
    let at = from;
    while (at > 0) {
      const above = this.#items[(at - 1) >> 1]!;
      if (!this.#isBefore(item, above)) break;
      this.#put(above, at);
      at = (at - 1) >> 1;
    }
    this.#put(item, at);
  }

  #siftDown(item: T, from: number): void {
    let at = from;
    for (;;) {
      const below = this.#firstOf(2 * at + 1, 2 * at + 2);
      if (below === undefined || !this.#isBefore(below, item)) break;
      const next = below.heapIndex;
      this.#put(below, at);
      at = next;
    }
    this.#put(item, at);
  }

  #firstOf(left: number, right: number): T | undefined {
    const [one, other] = [this.#items[left], this.#items[right]];
    return one === undefined || other === undefined || this.#isBefore(one, other) ? one : other;
  }

  #put(item: T, at: number): void {
    this.#items[at] = item;
    item.heapIndex = at;
  }
}
