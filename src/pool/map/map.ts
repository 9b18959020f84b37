import { describe } from '../../validation/describe.ts';
import { OptionError } from '../../errors.ts';
import { checkOptions, rules, type Rule } from '../../validation/options.ts';
import { runTable, type RunOptions } from '../../task/options.ts';
import { MapResults } from './results.ts';
import { MapRun } from './run.ts';
import type { Items, MapItem, MapPool, MapRunOptions } from './types.ts';

export interface MapOptions extends RunOptions {
  /** Whether results come in the order of the items (default true), or as they are ready. */
  ordered?: boolean;
  /** How many items may be in flight. Default: enough for two messages for each of `maxThreads`; short tasks share a message, see `coalesce`. */
  concurrency?: number;
}

/** The progress of a `map()`. */
export interface MapProgress {
  /** Items taken from the source. */
  readonly pulled: number;
  /** Pulled items whose result the reader has been given. */
  readonly done: number;
}

/**
 * The results of a `map()`, which pulls items only as results are taken. Iterate the results once, or collect them with
 * `toArray()`. The tasks and the source see the stores and the deadline of the code that called `map()`, even if other code
 * reads the results.
 */
export interface MapResult<R> extends AsyncIterable<R> {
  toArray(): Promise<R[]>;
  /** Available at any time, also after the map has stopped at an error. */
  readonly progress: MapProgress;
}

const table: Readonly<Record<keyof MapOptions, Rule>> = { ordered: rules.boolean, concurrency: rules.positiveInteger, ...runTable };

/** @throws OptionError (OFFLOOP_OPTION) */
export function checkMapOptions(options: MapOptions): MapOptions {
  return checkOptions<MapOptions>('pool.map()', options, table);
}

export function mapResult<I, R, Item extends MapItem>(pool: MapPool<I, Item>, items: Items<I>, options: MapRunOptions): MapResult<R> {
  let latest: MapResults<I, Item> | undefined;
  const newRun = (): MapResults<I, Item> => (latest = new MapResults(new MapRun(pool, items, options)));
  return {
    [Symbol.asyncIterator]: () => newRun().iterate() as AsyncGenerator<R, void, undefined>,
    toArray: async () => (await newRun().toArray()) as R[],
    get progress() {
      return latest === undefined ? { pulled: 0, done: 0 } : latest.progress;
    },
  };
}

/** @throws OptionError (OFFLOOP_OPTION) */
export function assertIterable(items: unknown): void {
  let options: ErrorOptions | undefined;
  try {
    if (isIterable(items)) return;
  } catch (cause) {
    options = { cause };
  }
  throw new OptionError(`pool.map(): expected the items to be an iterable or an async iterable, got ${describe(items)}.`, options);
}

function isIterable(items: unknown): boolean {
  if (items === undefined || items === null) return false;
  const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: async } = items as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
  return typeof sync === 'function' || typeof async === 'function';
}
