import type { AsyncResource } from 'node:async_hooks';

import { clearTimeout } from '../../node/clock.ts';
import { describe } from '../../validation/describe.ts';
import { unrefTimer } from '../../node/timers.ts';
import type { Items } from './types.ts';

const microtask = Promise.resolve();

type Source<I> = Iterator<I> | AsyncIterator<I>;

/**
 * The source of a map's items. The source is user code: it runs in the context of the code that called `map()`, and may throw,
 * return invalid results, or never respond.
 */
export class MapSource<I> {
  readonly isAsync: boolean;
  readonly #iterator: Source<I>;
  readonly #next: () => unknown;
  readonly #scope: AsyncResource;
  /** `next()` is running further down this stack, and a generator cannot be ended while it runs. */
  #isRunningNext = false;
  /** The source has no more items, or has failed. In both cases `return()` is not called, as with `for await`. */
  #isFinished = false;
  #closed: Promise<void> | undefined;

  /** @throws what the source throws; TypeError where the source returns no iterator */
  constructor(items: Items<I>, scope: AsyncResource) {
    const { [Symbol.asyncIterator]: iterateAsync, [Symbol.iterator]: iterate } = items as Partial<AsyncIterable<I> & Iterable<I>>;
    this.isAsync = typeof iterateAsync === 'function';
    this.#scope = scope;
    this.#iterator = scope.runInAsyncScope((this.isAsync ? iterateAsync : iterate) as () => Source<I>, items);
    assertObject(this.#iterator, 'an iterator from the items');
    this.#next = this.#iterator.next as () => unknown;
  }

  /** The next item of a source that is not asynchronous. Call this in the context of the map's caller. */
  pull(): IteratorResult<I> {
    this.#isRunningNext = true;
    try {
      return this.#read(this.#next.call(this.#iterator));
    } catch (error) {
      this.#isFinished = true;
      throw error;
    } finally {
      this.#isRunningNext = false;
    }
  }

  /** The next item of an asynchronous source. Call this in the context of the map's caller, and again only when the last call has settled. */
  async pullAsync(): Promise<IteratorResult<I>> {
    try {
      return this.#read(await this.#next.call(this.#iterator));
    } catch (error) {
      this.#isFinished = true;
      throw error;
    }
  }

  /**
   * Lets the source clean up, once. Settles as the source's `return()` does, which may be never: an async generator settles
   * `return()` only after a pending `next()`. A rejection that nobody handles is ignored.
   */
  close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed;
    this.#closed = this.#scope.runInAsyncScope(() => this.#return());
    this.#closed.catch(() => undefined);
    return this.#closed;
  }

  /** Settles as `close()` does, or resolves after this many ms. A caller waits for this, so the timer keeps the process alive. */
  async closeWithin(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => { timer = unrefTimer(resolve, ms).ref(); });
    try {
      await Promise.race([this.close(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #return(): Promise<void> {
    if (this.#isRunningNext) await microtask;
    if (this.#isFinished) return;
    this.#isFinished = true;
    await this.#iterator.return?.();
  }

  #read(result: unknown): IteratorResult<I> {
    assertObject(result, 'a result `{ done, value }` from the iterator of the items');
    // The properties are read once: a getter may return something else the next time.
    const { done, value } = result as { readonly done?: unknown; readonly value: I };
    if (!done) return { done: false, value };
    this.#isFinished = true;
    return { done: true, value: undefined };
  }
}

/** Throws a TypeError, as a loop over these items would. */
function assertObject(value: unknown, what: string): void {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') return;
  throw new TypeError(`pool.map(): expected ${what}, got ${describe(value)}.`);
}
