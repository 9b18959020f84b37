import { inCleanRoot } from '../../context/root.ts';
import { PoolClosedError } from '../../errors.ts';
import { mapEndedReason } from '../../task/interruptions.ts';
import { whenAborted } from '../calls/signals.ts';
import { MapFeed } from './feed.ts';
import { MapItems } from './items.ts';
import { MapSource } from './source.ts';
import type { Items, MapItem, MapPool, MapRunOptions, Problem } from './types.ts';

/** Items are pulled when this share of the limit is free: one by one, each would have a message of its own. */
const REFILL_SHARE = 4;

/** How long a consumer that breaks off waits for the source to clean up, in ms. */
const SOURCE_GRACE_MS = 100;

/** One pass over the items. */
export class MapRun<I, Item extends MapItem> {
  #pulled = 0;
  readonly #pool: MapPool<I, Item>;
  readonly #options: MapRunOptions;
  readonly #iterable: Items<I>;
  #source: MapSource<I> | undefined;
  #feed: MapFeed<I, Item> | undefined;
  readonly #items: MapItems<Item>;
  /** `stopped`: no more is pulled, and what was pulled is still given. */
  #state: 'new' | 'pulling' | 'stopped' | 'ended' = 'new';
  /** Given instead of any more results. */
  #problem: Problem | undefined;
  /** Given after the results of what was pulled. */
  #finalProblem: Problem | undefined;
  #wake: () => void = () => undefined;
  #stopListening: () => void = () => undefined;

  constructor(pool: MapPool<I, Item>, items: Items<I>, options: MapRunOptions) {
    this.#pool = pool;
    this.#iterable = items;
    this.#options = options;
    this.#items = new MapItems(options.isOrdered);
  }

  /** How many items were taken from the source. */
  get pulled(): number {
    return this.#pulled;
  }

  /**
   * Nobody wants the rest. Where nothing has failed, this waits for the source to clean up, but not for long: the source may
   * be stuck. What its `return()` throws until then is thrown here.
   */
  async abandon(): Promise<void> {
    if (this.#state === 'ended') return;
    this.end();
    if (this.#source !== undefined) await this.#source.closeWithin(SOURCE_GRACE_MS);
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'pulling';
    const { problem, signal, scope } = this.#options;
    this.#stopListening = this.#listen();
    if (problem !== undefined) this.#fail(problem.reason);
    else if (signal?.aborted === true) this.#fail(signal.reason);
    try {
      this.#source = new MapSource(this.#iterable, scope);
      this.#feed = this.#feedFrom(this.#source);
    } catch (error) {
      this.#fail(error);
    }
    // It may have failed before there was a source to close.
    if (this.#problem !== undefined) void this.#source?.close();
  }

  #feedFrom(source: MapSource<I>): MapFeed<I, Item> {
    const free = (): number => this.#free;
    return new MapFeed(this.#pool, source, {
      isPulling: () => this.#state === 'pulling',
      get free() { return free(); },
      take: (next) => this.#accept(next),
      failed: (reason) => { this.#handleRefusal(reason); },
      wake: () => { this.#wake(); },
    });
  }

  #listen(): () => void {
    const { signal, clock, due, deadlineError } = this.#options;
    const unlisten = signal && whenAborted(signal, () => { this.#fail(signal.reason); });
    const timer = due === undefined ? undefined : inCleanRoot(() => clock.startAt(due, () => { this.#stop(deadlineError()); }));
    return () => {
      unlisten?.();
      timer?.cancel();
    };
  }

  /** Waits until a result can be taken; false when there is none left. */
  async waitForMore(): Promise<boolean> {
    for (;;) {
      this.#fill();
      if (this.#problem !== undefined) throw this.#problem.reason;
      if (this.#state === 'ended') return false;
      if (this.#items.first !== undefined) return true;
      if (this.#items.size === 0 && this.#state === 'stopped') {
        if (this.#finalProblem !== undefined) throw this.#finalProblem.reason;
        return false;
      }
      await this.#waitForChange();
    }
  }

  async #waitForChange(): Promise<void> {
    const changed = new Promise<void>((resolve) => { this.#wake = resolve; });
    // Calls that are in flight settle. With none of them, it is others that end the wait.
    const unlisten = this.#items.size === 0 ? this.#wakeOnRoomOrClose() : undefined;
    await changed;
    unlisten?.();
  }

  /** For room in the queue, or for the source, which may never answer: once the pool is closed, the answer is of no use. */
  #wakeOnRoomOrClose(): () => void {
    if (this.#feed?.isBusy !== true) this.#pool.ready().then(this.#wake, (reason: unknown) => { this.#handleRefusal(reason); });
    return this.#pool.onRefusal(this.#wake);
  }

  next(): Item | undefined {
    if (this.#problem !== undefined || this.#state === 'ended') return undefined;
    const item = this.#items.shift();
    if (item !== undefined && this.#free * REFILL_SHARE >= this.#limit) this.#fill();
    return item;
  }

  get #limit(): number {
    return this.#options.limit ?? this.#pool.defaultLimit;
  }

  get #free(): number {
    return this.#limit - this.#items.size;
  }

  #fill(): void {
    const { refusal } = this.#pool;
    if (refusal !== undefined) this.#stop(refusal);
    const feed = this.#feed;
    if (feed === undefined || this.#state !== 'pulling' || this.#free <= 0) return;
    this.#options.scope.runInAsyncScope(() => { feed.fill(); });
  }

  #accept(next: IteratorResult<I>): boolean {
    // It may have ended while the source was asked, or have been ended by its source.
    if (this.#state !== 'pulling') return false;
    if (next.done === true) {
      this.#state = 'stopped';
      return false;
    }
    this.#pulled++;
    const item = this.#pool.enqueue(next.value, () => { this.#handleSettled(item); });
    this.#items.add(item);
    return true;
  }

  #handleSettled(item: Item): void {
    // No more is pulled after an error, whenever its turn comes.
    if (item.hasFailed) this.#stop(undefined);
    this.#items.settle(item);
    this.#wake();
  }

  /** What was pulled before a pool has closed is still done, where that drains. */
  #handleRefusal(reason: unknown): void {
    if (reason instanceof PoolClosedError) this.#stop(reason);
    else this.#fail(reason);
  }

  /** @param reason undefined where the results have it */
  #stop(reason: Error | undefined): void {
    if (this.#state !== 'pulling') return;
    this.#state = 'stopped';
    if (reason !== undefined) this.#finalProblem = { reason };
    void this.#source?.close();
    this.#wake();
  }

  #fail(reason: unknown): void {
    if (this.#state === 'ended') return;
    this.#problem ??= { reason };
    this.end();
  }

  /** Nobody waits for the rest, and nobody for the source: an error must reach its caller whatever the source does. */
  end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#stopListening();
    const reason = this.#problem?.reason ?? mapEndedReason();
    for (const item of this.#items.inFlight) this.#pool.cancel(item, reason);
    void this.#source?.close();
    this.#wake();
  }
}
