import { types } from 'node:util';

import { Object, Array, Map, Set, ArrayBuffer } from '../../node/intrinsics.ts';

/**
 * One thing that structured clone descends into.
 * @param step a key, or the index of an entry in a Map or a Set
 * @param key what leads to it, where it is the value of a Map's entry
 * @returns false to end the walk
 */
type Visit = (part: unknown, step: string | number, key?: unknown, isMapKey?: true) => boolean;

const { entries } = Map.prototype;
const { values } = Set.prototype;

/**
 * Goes through the parts of an object until there are no more, or until `visit` has seen enough. Nothing is listed before
 * it is looked at: a container may have millions of parts, and the caller's budget is short.
 * @returns false when `visit` has ended it
 */
export function eachPart(object: object, visit: Visit): boolean {
  if (typeof object !== 'object' || types.isProxy(object) || ArrayBuffer.isView(object)) return true;
  if (Array.isArray(object)) return eachItem(object, 0, object.length, visit);
  if (types.isMap(object)) return eachEntry(object, visit);
  if (types.isSet(object)) return eachMember(object, visit);
  for (const key in object) {
    if (Object.hasOwn(object, key) && !visit(readQuietly(object, key), key)) return false;
  }
  return true;
}

/** By index: holes count, since a sparse array may have millions of them. */
export function eachItem(items: readonly unknown[], from: number, end: number, visit: Visit): boolean {
  for (let i = from; i < end; i++) if (!visit(readQuietly(items, i), i)) return false;
  return true;
}

function eachEntry(map: ReadonlyMap<unknown, unknown>, visit: Visit): boolean {
  let step = 0;
  for (const [key, value] of entries.call(map)) {
    if (!visit(key, step, undefined, true) || !visit(value, step, key)) return false;
    step++;
  }
  return true;
}

function eachMember(set: ReadonlySet<unknown>, visit: Visit): boolean {
  let step = 0;
  for (const value of values.call(set)) if (!visit(value, step++)) return false;
  return true;
}

/** Stands for what cannot be read: structured clone will meet the same getter, and refuses a symbol. */
export const unreadable = Symbol('a getter that throws');

export function readQuietly(object: object, key: string | number): unknown {
  try {
    return (object as Record<string | number, unknown>)[key];
  } catch {
    return unreadable;
  }
}
