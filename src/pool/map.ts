import { checkOptions, rules, type Rule } from '../options.ts';
import { checkRunOptions, type RunOptions } from '../task/offload.ts';

export interface MapOptions extends RunOptions {
  /** Results in the order of the items (default true), or as they are done. */
  ordered?: boolean;
  /** How many items may be in flight. Default: twice `maxThreads`. */
  concurrency?: number;
}

/** Pulls items only as results are taken. Iterate it once, or collect it with `toArray()`. */
export interface MapResult<R> extends AsyncIterable<R> {
  toArray(): Promise<R[]>;
}

type RunItem<I, R> = (item: I, options: RunOptions) => Promise<R>;
type Items<I> = Iterable<I> | AsyncIterable<I>;

const table: Readonly<Record<'ordered' | 'concurrency', Rule>> = { ordered: rules.boolean, concurrency: rules.positiveInteger };

/** @throws OptionError (OFFLOOP_OPTION) */
export function mapItems<I, R>(run: RunItem<I, R>, items: Items<I>, options: MapOptions, defaultConcurrency: number): MapResult<R> {
  const { ordered, concurrency, ...runOptions } = options;
  checkOptions('pool.map()', { ordered, concurrency }, table);
  checkRunOptions('pool.map()', runOptions);
  const start = () => iterate(run, items, runOptions, { isOrdered: ordered ?? true, limit: concurrency ?? defaultConcurrency });
  return {
    [Symbol.asyncIterator]: start,
    async toArray() {
      const results: R[] = [];
      for await (const result of start()) results.push(result);
      return results;
    },
  };
}

interface Done<R> {
  readonly place: Promise<Done<R>>;
  readonly value: R;
}

async function* iterate<I, R>(run: RunItem<I, R>, items: Items<I>, options: RunOptions, { isOrdered, limit }: { isOrdered: boolean; limit: number }): AsyncGenerator<R, void, undefined> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const inFlight = new Set<Promise<Done<R>>>();
  let isExhausted = false;
  try {
    for (;;) {
      while (!isExhausted && inFlight.size < limit) {
        const next = await source.next();
        if (next.done === true) isExhausted = true;
        else launch(run(next.value, { ...options, signal }), inFlight);
      }
      const [oldest] = inFlight;
      if (oldest === undefined) return;
      const { place, value } = await (isOrdered ? oldest : Promise.race(inFlight));
      inFlight.delete(place);
      yield value;
    }
  } finally {
    // Reached by an error and by a consumer that breaks off as well: nobody waits for the rest.
    if (!isExhausted) await source.return?.();
    stop.abort();
  }
}

function launch<R>(running: Promise<R>, inFlight: Set<Promise<Done<R>>>): void {
  const place: Promise<Done<R>> = running.then((value) => ({ place, value }));
  // The first error is thrown by the await above; the others are of calls that were stopped because of it.
  place.catch(() => undefined);
  inFlight.add(place);
}
