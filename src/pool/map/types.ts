import type { AsyncResource } from 'node:async_hooks';

import type { Clock } from '../../node/limit-clock.ts';

export type Items<I> = Iterable<I> | AsyncIterable<I>;

/** The side of a pool that a `map` needs. */
export interface MapPool<I, Item extends MapItem> {
  /** How many items may be in flight where the caller sets no limit. */
  readonly usualLimit: number;
  /** How many more calls the queue takes. */
  readonly room: number;
  /** Resolves when the queue takes one more; rejects where it never will. */
  ready(): Promise<void>;
  /** Why no item will be taken any more: the pool is closed and has nothing left to do. */
  readonly refusal: Error | undefined;
  /** @returns what removes the listener */
  whenRefusing(listener: () => void): () => void;
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

/** Anything may be thrown, `undefined` too: so the reason is in an object. */
export interface Problem {
  readonly reason: unknown;
}

export interface MapRunOptions {
  readonly isOrdered: boolean;
  readonly limit: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** The context of `map()`'s caller. */
  readonly scope: AsyncResource;
  /** Why no item may be called at all. */
  readonly problem: Problem | undefined;
  readonly clock: Clock;
  /** The deadline as an instant of the clock. Each call has it, too; here it is for a source that keeps the map waiting. */
  readonly due: number | undefined;
  readonly deadlineError: () => Error;
}
