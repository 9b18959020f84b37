import { types } from 'node:util';

/** A thread's smallest usual stack (1 MB) reads about twice as many levels. */
const MAX_DEPTH = 1000;

/** How many objects are looked at. */
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
    const parts = partsOf(part);
    // The first part is taken first, as by structured clone, which goes down a chain from where it meets the chain first.
    for (let i = parts.length - 1; i >= 0; i--) {
      const inner = parts[i];
      if (typeof inner === 'object' && inner !== null) waiting.push([inner, depth + 1]);
    }
  }
  return false;
}

function partsOf(object: object): readonly unknown[] {
  if (ArrayBuffer.isView(object)) return [];
  if (types.isMap(object)) return [...object.keys(), ...object.values()];
  return types.isSet(object) ? [...object] : Object.values(object);
}
