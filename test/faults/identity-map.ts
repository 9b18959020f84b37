import { setImmediate as turn } from 'node:timers/promises';

import type { MapResult } from 'offloop';

import { problemOf, type Made } from './identity-answers.ts';
import type { Random } from './identity-random.ts';

/** The items as something that a map reads. */
export function sourceOf<T>(items: readonly T[], random: Random): Iterable<T> | AsyncIterable<T> {
  return random.pick([items, new Set(items), values(items), laterValues(items)]);
}

export function resultsOf<T>(result: MapResult<T>, random: Random): Promise<T[]> {
  return random.chance(0.5) ? result.toArray() : collect(result);
}

/** Which answer belongs to which item: where they come in any order, the first item that it fits. */
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
