/** How many of a task's progress values wait at most, on either side. */
const LIMIT = 1000;

/** A queue that keeps the newest items only: pushing one into a full queue drops the oldest. */
export class Newest<T> {
  #items: (T | undefined)[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  /** Returns how many items were dropped to make room. */
  push(item: T): number {
    this.#items.push(item);
    if (this.size <= LIMIT) return 0;
    this.shift();
    return 1;
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    // Only now and then, so that the cost of an item does not depend on how many wait.
    if (this.#first >= LIMIT || this.size === 0) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }
}
