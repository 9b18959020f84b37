import type { MapItem, MapPool } from './types.ts';
import type { MapSource } from './source.ts';

/** The part of a run that its feed uses. */
export interface FeedHost<I> {
  /** Whether more items are wanted. */
  isPulling(): boolean;
  /** How many more may be in flight. */
  readonly free: number;
  /** @returns whether the item was put into the queue */
  take(next: IteratorResult<I>): boolean;
  /** The source has failed, or the pool has refused an item. */
  failed(reason: unknown): void;
  wake(): void;
}

/** Pulls the items of a map out of its source, as many as may be in flight. */
export class MapFeed<I, Item extends MapItem> {
  readonly #pool: MapPool<I, Item>;
  readonly #source: MapSource<I>;
  readonly #host: FeedHost<I>;
  /** Whether the `next()` of an async source is pending, or its item waits for room in the queue. */
  isBusy = false;

  constructor(pool: MapPool<I, Item>, source: MapSource<I>, host: FeedHost<I>) {
    this.#pool = pool;
    this.#source = source;
    this.#host = host;
  }

  /** Call this in the context of the map's caller. */
  fill(): void {
    if (this.#source.isAsync) void this.#pullAllAsync();
    else this.#pullAll();
  }

  #pullAll(): void {
    let hasPulled = false;
    try {
      for (let { free } = this.#host; free > 0 && this.#host.isPulling(); free--) {
        if (this.#pool.room <= 0) {
          // Pulled items fill a small queue until they are sent, even if workers are free.
          if (hasPulled) this.#pool.send();
          if (this.#pool.room <= 0) return;
        }
        hasPulled = this.#host.take(this.#source.pull()) || hasPulled;
      }
    } catch (error) {
      this.#host.failed(error);
    }
    if (hasPulled) this.#pool.send();
  }

  /** Pulls one item at a time, as `for await` does. */
  async #pullAllAsync(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      while (this.#host.isPulling() && this.#host.free > 0 && this.#pool.room > 0) {
        const next = await this.#source.pullAsync();
        // Other calls may have filled the queue while `next()` was pending.
        while (next.done !== true && this.#host.isPulling() && this.#pool.room <= 0) await this.#pool.ready();
        if (this.#host.take(next)) this.#pool.send();
      }
    } catch (error) {
      this.#host.failed(error);
    }
    this.isBusy = false;
    this.#host.wake();
  }
}
