import type { AsyncResource } from 'node:async_hooks';

import type { Clock } from '../../node/limit-clock.ts';

export type Items<I> = Iterable<I> | AsyncIterable<I>;

/** The part of a pool that a `map()` uses. */
export interface MapPool<I, Item extends MapItem> {
  /** How many items may be in flight where the caller sets no limit. */
  readonly defaultLimit: number;
  /** How many more calls the queue takes. */
  readonly room: number;
  /** Resolves when the queue has room; rejects if it never will. */
  ready(): Promise<void>;
  /** The error for items that will never run: the pool is closed and has nothing left to do. */
  readonly refusal: Error | undefined;
  /** @returns a function that removes the listener */
  onRefusal(listener: () => void): () => void;
  /** Puts a call into the queue; it is sent with the next `send()`. */
  enqueue(item: I, onSettled: () => void): Item;
  send(): void;
  cancel(item: Item, reason: unknown): void;
}

/** The call for one item. */
export interface MapItem {
  readonly isSettled: boolean;
  readonly hasFailed: boolean;
  readonly value: unknown;
  /** Call this on a failed item only. Rejects with the reason. */
  rejection(): Promise<never>;
}

/** A reason in an object, since any value may be thrown, `undefined` too. */
export interface Problem {
  readonly reason: unknown;
}

export interface MapRunOptions {
  readonly isOrdered: boolean;
  readonly limit: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** The context of `map()`'s caller. */
  readonly scope: AsyncResource;
  /** The reason why no item can be run at all. */
  readonly problem: Problem | undefined;
  readonly clock: Clock;
  /** The deadline as an instant of the clock. Each call has the same deadline; the map needs it for a source that keeps the map waiting. */
  readonly due: number | undefined;
  readonly deadlineError: () => Error;
}
