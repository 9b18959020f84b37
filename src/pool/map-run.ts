import type { RunOptions } from '../task/offload.ts';
import type { Items, MapItem, MapPool } from './map.ts';
import { whenAborted } from './signals.ts';

export interface MapRunOptions {
  readonly isOrdered: boolean;
  readonly limit: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly runOptions: RunOptions;
}

/** Items are pulled when this share of the limit is free: one by one, each would have a message of its own. */
const REFILL_SHARE = 4;

/** One pass over the items. */
export class MapRun<I, Item extends MapItem> {
  pulled = 0;
  done = 0;
  readonly #pool: MapPool<I, Item>;
  readonly #options: MapRunOptions;
  readonly #source: Iterator<I> | AsyncIterator<I>;
  readonly #isAsync: boolean;
  /** In flight, or settled and not taken yet: in the order of the items. */
  readonly #items = new Set<Item>();
  /** Of these, which have settled, in that order; not kept where the order is that of the items. */
  readonly #settled: Item[] = [];
  #state: 'pulling' | 'exhausted' | 'stopped' = 'pulling';
  #isAsking = false;
  #problem: { readonly reason: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(pool: MapPool<I, Item>, items: Items<I>, options: MapRunOptions) {
    this.#pool = pool;
    this.#options = options;
    const { [Symbol.asyncIterator]: iterateAsync } = items as Partial<AsyncIterable<I>>;
    this.#isAsync = typeof iterateAsync === 'function';
    this.#source = this.#isAsync ? (items as AsyncIterable<I>)[Symbol.asyncIterator]() : (items as Iterable<I>)[Symbol.iterator]();
  }

  async *results(): AsyncGenerator<unknown, void, undefined> {
    const unlisten = this.#listen();
    try {
      while (await this.#hasMore()) {
        for (let item = this.#next(); item !== undefined; item = this.#next()) yield await this.#take(item);
      }
    } finally {
      // Reached by an error and by a consumer that breaks off as well: nobody waits for the rest.
      unlisten();
      await this.#stop();
    }
  }

  /** The same, without a promise for each result. */
  async toArray(): Promise<unknown[]> {
    const results: unknown[] = [];
    const unlisten = this.#listen();
    try {
      while (await this.#hasMore()) {
        for (let item = this.#next(); item !== undefined; item = this.#next()) results.push(item.hasFailed ? await this.#take(item) : this.#valueOf(item));
      }
      return results;
    } finally {
      unlisten();
      await this.#stop();
    }
  }

  /** Waits until a result can be taken; false when there is none left. */
  async #hasMore(): Promise<boolean> {
    for (;;) {
      this.#fill();
      if (this.#problem !== undefined) throw this.#problem.reason;
      if (this.#peek() !== undefined) return true;
      if (this.#items.size === 0 && this.#state !== 'pulling') return false;
      await this.#change();
    }
  }

  async #change(): Promise<void> {
    const changed = new Promise<void>((resolve) => { this.#wake = resolve; });
    // With nothing of its own on the way, it is others that fill the queue.
    if (this.#items.size === 0 && !this.#isAsking) this.#pool.ready().then(this.#wake, (reason: unknown) => { this.#fail(reason); });
    await changed;
  }

  #peek(): Item | undefined {
    if (!this.#options.isOrdered) return this.#settled[0];
    const [oldest] = this.#items;
    return oldest?.isSettled === true ? oldest : undefined;
  }

  #next(): Item | undefined {
    if (this.#problem !== undefined) return undefined;
    const item = this.#peek();
    if (item === undefined) return undefined;
    this.#items.delete(item);
    if (!this.#options.isOrdered) this.#settled.shift();
    if (this.#free * REFILL_SHARE >= this.#limit) this.#fill();
    return item;
  }

  async #take(item: MapItem): Promise<unknown> {
    return item.hasFailed ? item.rejection() : this.#valueOf(item);
  }

  #valueOf(item: MapItem): unknown {
    this.done++;
    return item.value;
  }

  get #limit(): number {
    return this.#options.limit ?? this.#pool.usualLimit;
  }

  get #free(): number {
    return this.#limit - this.#items.size;
  }

  #fill(): void {
    if (this.#isAsync) this.#askSource();
    else this.#pullAll(this.#source as Iterator<I>);
  }

  #pullAll(source: Iterator<I>): void {
    let hasPulled = false;
    for (let free = this.#free; free > 0 && this.#state === 'pulling'; free--) {
      if (this.#pool.room <= 0) {
        // What was pulled fills a small queue until it is sent, though workers may be free.
        if (hasPulled) this.#pool.send();
        if (this.#pool.room <= 0) return;
      }
      hasPulled = this.#received(source.next()) || hasPulled;
    }
    if (hasPulled) this.#pool.send();
  }

  /** One at a time, as it is with asynchronous sources. */
  #askSource(): void {
    if (this.#isAsking || this.#state !== 'pulling' || this.#free <= 0 || this.#pool.room <= 0) return;
    this.#isAsking = true;
    (this.#source as AsyncIterator<I>).next().then(
      (next) => { this.#answered(next); },
      (reason: unknown) => {
        this.#isAsking = false;
        this.#state = 'exhausted';
        this.#fail(reason);
      },
    );
  }

  #answered(next: IteratorResult<I>): void {
    try {
      if (next.done !== true && this.#state === 'pulling' && this.#pool.room <= 0) {
        // Others have filled the queue while the source was asked.
        this.#pool.ready().then(() => { this.#answered(next); }, (reason: unknown) => { this.#fail(reason); });
        return;
      }
      this.#isAsking = false;
      if (this.#state === 'pulling' && this.#received(next)) this.#pool.send();
      this.#askSource();
      this.#wake();
    } catch (error) {
      this.#fail(error);
    }
  }

  #received(next: IteratorResult<I>): boolean {
    if (next.done === true) {
      this.#state = 'exhausted';
      return false;
    }
    this.pulled++;
    const item = this.#pool.enqueue(next.value, this.#options.runOptions, () => { this.#settledOne(item); });
    this.#items.add(item);
    return true;
  }

  #settledOne(item: Item): void {
    // No more is pulled after an error, whenever its turn comes.
    if (item.hasFailed && this.#state === 'pulling') this.#state = 'stopped';
    if (!this.#options.isOrdered) this.#settled.push(item);
    this.#wake();
  }

  #listen(): () => void {
    const { signal } = this.#options;
    if (signal === undefined) return () => undefined;
    const abort = (): void => { this.#fail(signal.reason); };
    if (signal.aborted) abort();
    return whenAborted(signal, abort);
  }

  #fail(reason: unknown): void {
    this.#problem ??= { reason };
    this.#wake();
  }

  async #stop(): Promise<void> {
    const hasMore = this.#state !== 'exhausted';
    this.#state = 'exhausted';
    const reason = this.#problem?.reason ?? new DOMException('The map has ended.', 'AbortError');
    for (const item of this.#items) if (!item.isSettled) this.#pool.cancel(item, reason);
    if (hasMore) await this.#source.return?.();
  }
}
