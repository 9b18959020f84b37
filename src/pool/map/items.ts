import type { MapItem } from './types.ts';

/** The items of a map that are in flight, or have settled and have not been taken. */
export class MapItems<Item extends MapItem> {
  readonly #isOrdered: boolean;
  /** In the order of the items. */
  readonly #all = new Set<Item>();
  /** Settled items, in the order in which they settled; unused where results come in the order of the items. */
  readonly #settled: Item[] = [];

  constructor(isOrdered: boolean) {
    this.#isOrdered = isOrdered;
  }

  get size(): number {
    return this.#all.size;
  }

  add(item: Item): void {
    this.#all.add(item);
  }

  settle(item: Item): void {
    if (!this.#isOrdered) this.#settled.push(item);
  }

  /** The next item to take, if it has settled. */
  get first(): Item | undefined {
    if (!this.#isOrdered) return this.#settled[0];
    const [oldest] = this.#all;
    return oldest?.isSettled === true ? oldest : undefined;
  }

  shift(): Item | undefined {
    const { first } = this;
    if (first === undefined) return undefined;
    this.#all.delete(first);
    if (!this.#isOrdered) this.#settled.shift();
    return first;
  }

  get inFlight(): Item[] {
    return [...this.#all].filter(({ isSettled }) => !isSettled);
  }
}
