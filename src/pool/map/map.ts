import { describe } from '../../validation/describe.ts';
import { OptionError } from '../../errors.ts';
import { checkOptions, rules, type Rule } from '../../validation/options.ts';
import { runTable, type RunOptions } from '../../task/options.ts';
import { iterate } from './iterator.ts';
import { MapRun, type MapRunOptions } from './run.ts';

export interface MapOptions extends RunOptions {
  /** Results in the order of the items (default true), or as they are done. */
  ordered?: boolean;
  /** How many items may be in flight. Default: two messages for each of `maxThreads`; short tasks share one, see `coalesce`. */
  concurrency?: number;
}

/** How far a `map` has come. */
export interface MapProgress {
  /** Items taken from the source. */
  readonly pulled: number;
  /** Of these, how many have a result. */
  readonly done: number;
}

/**
 * Pulls items only as results are taken. Iterate it once, or collect it with `toArray()`. Its tasks and its source see the stores
 * and the deadline of whoever called `map()`, whoever reads the results.
 */
export interface MapResult<R> extends AsyncIterable<R> {
  toArray(): Promise<R[]>;
  /** Also after it has stopped at an error. */
  readonly progress: MapProgress;
}

export type Items<I> = Iterable<I> | AsyncIterable<I>;

/** What a `map` needs of its pool. */
export interface MapPool<I, Item extends MapItem> {
  /** How many items may be in flight where the caller sets no limit. */
  readonly usualLimit: number;
  /** How many more calls the queue takes. */
  readonly room: number;
  /** Resolves when it takes one more; rejects where it never will. */
  ready(): Promise<void>;
  /** Why no item will be taken any more: the pool is closed and has nothing left to do. */
  readonly refusal: Error | undefined;
  /** @returns what takes the listener off again */
  whenRefusing(listener: () => void): () => void;
  /** Puts a call into the queue; it is sent with the next `send()`. */
  enqueue(item: I, onSettled: () => void): Item;
  send(): void;
  cancel(item: Item, reason: unknown): void;
}

/** One item on its way. */
export interface MapItem {
  readonly isSettled: boolean;
  readonly hasFailed: boolean;
  readonly value: unknown;
  /** Of one that has failed: rejects with the reason. */
  rejection(): Promise<never>;
}

const table: Readonly<Record<keyof MapOptions, Rule>> = { ordered: rules.boolean, concurrency: rules.positiveInteger, ...runTable };

/** @throws OptionError (OFFLOOP_OPTION) */
export function checkMapOptions(options: MapOptions): MapOptions {
  return checkOptions<MapOptions>('pool.map()', options, table);
}

export function mapResult<I, R, Item extends MapItem>(pool: MapPool<I, Item>, items: Items<I>, options: MapRunOptions): MapResult<R> {
  let latest: MapRun<I, Item> | undefined;
  return {
    [Symbol.asyncIterator]() {
      latest = new MapRun(pool, items, options);
      return iterate(latest) as AsyncGenerator<R, void, undefined>;
    },
    async toArray() {
      latest = new MapRun(pool, items, options);
      return (await latest.toArray()) as R[];
    },
    get progress() {
      return latest === undefined ? { pulled: 0, done: 0 } : { pulled: latest.pulled, done: latest.done };
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
