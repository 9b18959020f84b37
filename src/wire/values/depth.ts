import { eachPart } from './value-parts.ts';

/** The smallest usual stack of a thread (1 MB) reads about twice as many levels. */
const MAX_DEPTH = 1000;

/** How many objects are visited. */
const BUDGET = 100_000;

/**
 * Whether a plain value is nested so deeply that the other side may not be able to read it: structured clone calls itself for each
 * level, and each thread has a stack of its own size.
 */
export function isNestedDeeply(value: unknown): boolean {
  const seen = new Set<object>();
  const waiting: [part: object, depth: number][] = typeof value === 'object' && value !== null ? [[value, 0]] : [];
  for (let next = waiting.pop(); next !== undefined && seen.size < BUDGET; next = waiting.pop()) {
    const [part, depth] = next;
    if (seen.has(part)) continue;
    if (depth > MAX_DEPTH) return true;
    seen.add(part);
    // The first part is popped first: structured clone, too, goes down a chain from where it meets the chain first.
    for (const inner of objectsIn(part).reverse()) waiting.push([inner, depth + 1]);
  }
  return false;
}

function objectsIn(object: object): object[] {
  const objects: object[] = [];
  eachPart(object, (part) => {
    if (typeof part === 'object' && part !== null) objects.push(part);
    return true;
  });
  return objects;
}
