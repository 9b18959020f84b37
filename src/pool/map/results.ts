import type { MapRun } from './run.ts';
import type { MapItem } from './types.ts';

/** Takes the results out of a run, by `for await` or all at once. */
export class MapResults<I, Item extends MapItem> {
  readonly #run: MapRun<I, Item>;
  #done = 0;

  constructor(run: MapRun<I, Item>) {
    this.#run = run;
  }

  get progress(): { readonly pulled: number; readonly done: number } {
    return { pulled: this.#run.pulled, done: this.#done };
  }

  /**
   * Iterates over the results. `return()` and `throw()` of an async generator wait for a pending `next()`. So the run is ended
   * first, and the pending `next()` resolves with `done: true`.
   */
  iterate(): AsyncGenerator<unknown, void, undefined> {
    const results = this.#generate();
    const after = async <T>(end: () => Promise<T>): Promise<T> => {
      const abandoned = this.#run.abandon();
      return (await Promise.all([end(), abandoned]))[0];
    };
    const iterator = {
      next: () => results.next(),
      return: (value: void | PromiseLike<void>) => after(() => results.return(value)),
      throw: (error: unknown) => after(() => results.throw(error)),
      [Symbol.asyncIterator]: () => iterator,
      [Symbol.asyncDispose]: async () => { await iterator.return(); },
    };
    return iterator;
  }

  /** Collects the results in a list, without a promise for each result. */
  async toArray(): Promise<unknown[]> {
    const run = this.#run;
    const results: unknown[] = [];
    run.start();
    try {
      while (await run.waitForMore()) {
        for (let item = run.next(); item !== undefined; item = run.next()) results.push(item.hasFailed ? await item.rejection() : this.#valueOf(item));
      }
      return results;
    } finally {
      run.end();
    }
  }

  async *#generate(): AsyncGenerator<unknown, void, undefined> {
    const run = this.#run;
    run.start();
    try {
      while (await run.waitForMore()) {
        for (let item = run.next(); item !== undefined; item = run.next()) yield item.hasFailed ? await item.rejection() : this.#valueOf(item);
      }
    } finally {
      run.end();
    }
  }

  #valueOf({ value }: MapItem): unknown {
    this.#done++;
    return value;
  }
}
