import { types } from 'node:util';

import { sizeOfLeaf } from '../../wire/values/cloneability.ts';
import { eachPart } from '../../wire/values/value-parts.ts';

/** How many values are visited. */
const VALUES = 1000;

/** Added to the class of arguments that have more values than are visited: of these, the size tells only the lengths of lists and texts met so far. */
const LARGE = 32;

/** The class of a size: powers of two. */
export function sizeClass(size: number): number {
  return 32 - Math.clz32(Math.min(size, 2 ** 31 - 1));
}

/** The class of arguments whose size has not been counted yet. */
export function sizeClassOf(args: readonly unknown[]): number {
  const walk = new SizeWalk();
  try {
    walk.add(args);
  } catch {
    // The values are nested too deeply; whatever was counted before is as good as any.
  }
  return sizeClass(walk.size) + (walk.left < 0 ? LARGE : 0);
}

/** Counts values, letters and bytes. Lists, maps and sets count with their whole length. */
class SizeWalk {
  size = 0;
  left = VALUES;
  readonly #seen = new Set<unknown>();

  add(value: unknown): void {
    this.size += sizeOfLeaf(value);
    if (typeof value !== 'object' || value === null || types.isProxy(value) || this.#seen.has(value)) return;
    this.#seen.add(value);
    this.size += lengthOf(value);
    eachPart(value, (part) => {
      if (--this.left >= 0) this.add(part);
      return this.left >= 0;
    });
  }
}

function lengthOf(value: object): number {
  if (Array.isArray(value)) return value.length;
  return value instanceof Map || value instanceof Set ? value.size : 0;
}
