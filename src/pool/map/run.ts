import { inCleanRoot } from '../../context/root.ts';
import { PoolClosedError } from '../../errors.ts';
import { mapEndedReason } from '../../task/interruptions.ts';
import { whenAborted } from '../calls/signals.ts';
import { MapFeed } from './feed.ts';
import { MapItems } from './items.ts';
import { MapSource } from './source.ts';
import type { Items, MapItem, MapPool, MapRunOptions, Problem } from './types.ts';

/** Items are pulled when this part of the limit (1/4) is free: pulled one by one, each item would have a message of its own. */
const REFILL_SHARE = 4;

/** How long a consumer that stops early waits for the source to clean up, in ms. */
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
  /** `stopped`: no more items are pulled, and the results of pulled items are still delivered. */
  #state: 'new' | 'pulling' | 'stopped' | 'ended' = 'new';
  /** Thrown to the reader instead of further results. */
  #problem: Problem | undefined;
  /** Thrown to the reader after the results of all pulled items. */
  #finalProblem: Problem | undefined;
  #wake: () => void = () => undefined;
  #stopListening: () => void = () => undefined;

  constructor(pool: MapPool<I, Item>, items: Items<I>, options: MapRunOptions) {
    this.#pool = pool;
    this.#iterable = items;
    this.#options = options;
    this.#items = new MapItems(options.isOrdered);
  }

  /** How many items have been taken from the source. */
  get pulled(): number {
    return this.#pulled;
  }

  /**
   * Call this when no more results are wanted. Where nothing has failed, waits for the source to clean up, but not for long:
   * the source may be stuck. An error of its `return()` within that time is thrown here.
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
    // The run may have failed before there was a source to close.
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

  /** Resolves with true when a result can be taken, and with false when no result is left. */
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
    // Calls in flight wake the run when they settle. Without calls in flight, room in the queue, the source or the end of the pool has to.
    const unlisten = this.#items.size === 0 ? this.#wakeOnRoomOrClose() : undefined;
    await changed;
    unlisten?.();
  }

  /** Wakes the run when the queue has room. A source may never respond, so the end of the pool wakes the run as well. */
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
    // The run may have ended while `next()` was pending, or in `next()` itself.
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
    // After an error no more items are pulled, even if results before the error are still to be delivered.
    if (item.hasFailed) this.#stop(undefined);
    this.#items.settle(item);
    this.#wake();
  }

  /** Items that were pulled before a draining pool was closed are still run. */
  #handleRefusal(reason: unknown): void {
    if (reason instanceof PoolClosedError) this.#stop(reason);
    else this.#fail(reason);
  }

  /** @param reason undefined where a failed item has the reason */
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

  /** Cancels calls in flight, and closes the source without waiting for it: an error must reach its caller whatever the source does. */
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
