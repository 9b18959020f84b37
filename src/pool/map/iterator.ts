import type { MapItem } from './map.ts';
import type { MapRun } from './run.ts';

/**
 * The results of a run, one by one. An async generator gives them, whose `return()` and `throw()` would wait for the `next()` that
 * is pending: so the run is ended first, and that `next()` answers that there are no more.
 */
export function iterate<I, Item extends MapItem>(run: MapRun<I, Item>): AsyncGenerator<unknown, void, undefined> {
  const results = run.results();
  const after = async <T>(answer: () => Promise<T>): Promise<T> => {
    const left = run.leave();
    return (await Promise.all([answer(), left]))[0];
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
