import { types } from 'node:util';

import { Object, Array, Map, Set, String } from '../../node/intrinsics.ts';
import { describe } from '../../validation/describe.ts';
import { hasParts } from './structured-clone.ts';

/** A value and how it was reached. The text of the path is made only for the few values that an error names. */
export interface ValuePath {
  readonly value: unknown;
  readonly parent: ValuePath | undefined;
  /** A key, or the index of an entry in a Map or a Set. */
  readonly step: string | number;
  /** The key of the Map entry whose value this is. */
  readonly key?: unknown;
  /** The value is the key of a Map entry. */
  readonly isMapKey?: true | undefined;
}

export function pathText(root: string, path: ValuePath): string {
  return path.parent === undefined ? root : pathText(root, path.parent) + stepText(path, path.parent.value);
}

/** As a reader would write it: `.name`, `[0]`, `.get('a')`. */
function stepText({ step, key, isMapKey }: ValuePath, holder: unknown): string {
  if (isMapKey === true) return `.keys()[${step}]`;
  if (types.isMap(holder)) return `.get(${describe(key)})`;
  return /^\d+$/.test(String(step)) ? `[${step}]` : `.${step}`;
}

/**
 * Called with one part that structured clone copies.
 * @param step a key, or the index of an entry in a Map or a Set
 * @param key the key of the Map entry whose value the part is
 * @returns false to end the walk
 */
type Visit = (part: unknown, step: string | number, key?: unknown, isMapKey?: true) => boolean;

const { entries } = Map.prototype;
const { values } = Set.prototype;

/**
 * Visits the parts of an object until there are no more, or until `visit` returns false. The parts are not listed first: a container
 * may have millions of them, and the caller's budget is short.
 * @returns false when `visit` has ended the walk
 */
export function eachPart(object: object, visit: Visit): boolean {
  if (!hasParts(object)) return true;
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

/** Stands for a part that cannot be read: structured clone will call the same getter, and refuses a symbol. */
export const unreadable = Symbol('a getter that throws');

export function readQuietly(object: object, key: string | number): unknown {
  try {
    return (object as Record<string | number, unknown>)[key];
  } catch {
    return unreadable;
  }
}
