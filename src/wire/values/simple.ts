import { types } from 'node:util';

import { Object, Array } from '../../node/intrinsics.ts';

/** How many values are visited: more than most arguments have. */
const VALUES = 100;

/** The answer of `simpleSize()` for a value that is not simple. */
export const NOT_SIMPLE = -1;

/**
 * The size of a value that consists of a few plain objects and arrays of primitive values, as most do: the number of its values and the
 * length of its texts. Such a value can be sent as it is, and this check costs a third of the full one. Functions and symbols count as
 * primitive: cloning refuses them.
 * @returns NOT_SIMPLE for any other value
 */
export function simpleSize(value: unknown): number {
  left = VALUES;
  letters = 0;
  try {
    return isSimplePart(value) ? VALUES - left + letters + 1 : NOT_SIMPLE;
  } catch {
    // A getter has thrown.
    return NOT_SIMPLE;
  }
}

let left = 0;
let letters = 0;

function isSimplePart(value: unknown): boolean {
  if (typeof value === 'string') letters += value.length;
  if (typeof value !== 'object' || value === null) return true;
  if (types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return hasSimpleParts(value as Record<string, unknown>);
  return prototype === Array.prototype && hasSimpleItems(value as unknown[]);
}

function hasSimpleParts(object: Record<string, unknown>): boolean {
  for (const key in object) if (--left < 0 || !isSimplePart(object[key])) return false;
  return Object.getOwnPropertySymbols(object).length === 0;
}

function hasSimpleItems(items: readonly unknown[]): boolean {
  if (items.length > left || Object.getOwnPropertySymbols(items).length > 0) return false;
  for (const item of items) if (--left < 0 || !isSimplePart(item)) return false;
  return true;
}
