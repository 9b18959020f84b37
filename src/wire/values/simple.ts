import { types } from 'node:util';

import { Object, Array } from '../../node/intrinsics.ts';

/** How many values are visited: more than most arguments have. */
const VALUES = 100;

/**
 * Whether a value consists of a few plain objects and arrays of primitive values, as most do. Such a value can be sent as it is, and
 * this check costs a third of the full one. Functions and symbols count as primitive: cloning refuses them.
 */
export function isSimple(value: unknown): boolean {
  left = VALUES;
  try {
    return isSimplePart(value);
  } catch {
    // A getter has thrown.
    return false;
  }
}

let left = 0;

function isSimplePart(value: unknown): boolean {
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
