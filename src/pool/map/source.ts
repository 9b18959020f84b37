import type { AsyncResource } from 'node:async_hooks';

import { clearTimeout } from '../../node/clock.ts';
import { describe } from '../../validation/describe.ts';
import { unrefTimer } from '../../node/timers.ts';
import type { Items } from './types.ts';

const microtask = Promise.resolve();

type Source<I> = Iterator<I> | AsyncIterator<I>;

/**
 * Where the items of a map come from. It belongs to whoever called `map()`, so all of it runs in that context, and it may do
 * anything: throw, answer with rubbish, or never answer.
 */
export class MapSource<I> {
  readonly isAsync: boolean;
  readonly #iterator: Source<I>;
  readonly #next: () => unknown;
  readonly #scope: AsyncResource;
  /** It is answering further down this stack, and a generator cannot be ended while it runs. */
  #isRunningNext = false;
  /** It has no more items, or it has failed: neither is to be cleaned up, as with `for await`. */
  #isFinished = false;
  #closed: Promise<void> | undefined;

  /** @throws what the source throws; TypeError where it makes no iterator */
  constructor(items: Items<I>, scope: AsyncResource) {
    const { [Symbol.asyncIterator]: iterateAsync, [Symbol.iterator]: iterate } = items as Partial<AsyncIterable<I> & Iterable<I>>;
    this.isAsync = typeof iterateAsync === 'function';
    this.#scope = scope;
    this.#iterator = scope.runInAsyncScope((this.isAsync ? iterateAsync : iterate) as () => Source<I>, items);
    assertObject(this.#iterator, 'an iterator');
    this.#next = this.#iterator.next as () => unknown;
  }

  /** The next item of a source that is not asynchronous. To be called in the scope. */
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

  /** The next item of an asynchronous source. To be called in the scope, and not again before it has settled. */
  async pullAsync(): Promise<IteratorResult<I>> {
    try {
      return this.#read(await this.#next.call(this.#iterator));
    } catch (error) {
      this.#isFinished = true;
      throw error;
    }
  }

  /**
   * Lets the source clean up, once. Settles as its `return()` does, which may be never: an async generator answers `return()`
   * only after the `next()` that it is busy with. A rejection that nobody looks at is none.
   */
  close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed;
    this.#closed = this.#scope.runInAsyncScope(() => this.#return());
    this.#closed.catch(() => undefined);
    return this.#closed;
  }

  /** Settles as `close()` does, or resolves after so many ms. Somebody waits for this, so it keeps the process alive. */
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
    assertObject(result, 'a result `{ done, value }` from their iterator');
    // A getter may answer with something else the next time.
    const { done, value } = result as { readonly done?: unknown; readonly value: I };
    if (!done) return { done: false, value };
    this.#isFinished = true;
    return { done: true, value: undefined };
  }
}

/** The language's own error, as a loop over these items would throw it. */
function assertObject(value: unknown, what: string): void {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') return;
  throw new TypeError(`pool.map(): expected ${what}, got ${describe(value)}.`);
}
