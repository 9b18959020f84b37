import { setImmediate as turn } from 'node:timers/promises';

import type { MapResult } from 'offloop';

import { problemOf, type Made } from './identity-answers.ts';
import type { Random } from './identity-random.ts';

/** The items as a source that a map can read. */
export function sourceOf<T>(items: readonly T[], random: Random): Iterable<T> | AsyncIterable<T> {
  return random.pick([items, new Set(items), values(items), laterValues(items)]);
}

export function resultsOf<T>(result: MapResult<T>, random: Random): Promise<T[]> {
  return random.chance(0.5) ? result.toArray() : collect(result);
}

/** Pairs each result with its item: without an order, with the first item that fits. */
export function pairsOf(wanted: readonly Made[], answers: readonly unknown[], isOrdered: boolean): [Made, unknown][] {
  const left = [...wanted];
  return answers.map((value) => {
    const at = isOrdered ? 0 : left.findIndex((made) => problemOf(made, { value }) === undefined);
    return [left.splice(Math.max(0, at), 1)[0]!, value];
  });
}

function* values<T>(items: readonly T[]): Generator<T> {
  yield* items;
}

async function* laterValues<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const [i, item] of items.entries()) {
    if (i % 5 === 0) await turn();
    yield item;
  }
}

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}
