import { types } from 'node:util';

import { Array, Map, ArrayBuffer } from '../node/intrinsics.ts';
import { isShared } from './values/structured-clone.ts';
import { eachPart } from './values/value-parts.ts';

/** How many objects, and how many values, of one task are visited: a larger value gains nothing by sharing a message. */
const OBJECTS = 1000;
const VALUES = 10_000;

/**
 * Keeps objects that two calls share out of one message. There the object would arrive once, and a change that one task makes to its
 * copy would be seen by the other task.
 */
export class SharedObjectGuard {
  /** The task that each object is a part of. */
  readonly #owners = new Map<object, number>();
  #tasks = 0;

  /** Adds the value of one task. @returns whether the value shares no object with those that were added before */
  add(value: unknown): boolean {
    return !isObject(value) || this.addAll([value]);
  }

  /** The same for several values of one task, which may share objects among themselves. */
  addAll(values: readonly unknown[]): boolean {
    if (!hasObject(values)) return true;
    const owner = this.#tasks++;
    const waiting: object[] = [];
    const budget = { values: VALUES };
    for (const value of values) if (isObject(value)) waiting.push(value);
    for (let seen = 0; waiting.length > 0; seen++) {
      if (seen === OBJECTS || !this.#claim(waiting.pop()!, owner, waiting, budget)) return false;
    }
    return true;
  }

  clear(): void {
    this.#owners.clear();
  }

  #claim(object: object, owner: number, waiting: object[], budget: { values: number }): boolean {
    const known = this.#owners.get(object);
    if (known !== undefined) return known === owner;
    this.#owners.set(object, owner);
    if (types.isProxy(object)) return false;
    // The user shares shared memory on purpose.
    if (ArrayBuffer.isView(object)) {
      if (!isShared(object)) waiting.push(object.buffer);
      return true;
    }
    try {
      return types.isMap(object) || types.isSet(object) ? collectEntries(object, waiting, budget) : collectParts(object, waiting, budget);
    } catch {
      // A getter has thrown, as it will when the value is cloned.
      return false;
    }
  }
}

function collectEntries(object: object, parts: object[], budget: { values: number }): boolean {
  return eachPart(object, (part) => {
    if (isObject(part)) parts.push(part);
    return --budget.values >= 0;
  });
}

/** Written out, since `eachPart` takes longer, and this runs for each short task that is to share a message. */
function collectParts(object: object, parts: object[], budget: { values: number }): boolean {
  if (Array.isArray(object)) {
    if (object.length > budget.values) return false;
    for (const part of object as unknown[]) if (isObject(part)) parts.push(part);
    budget.values -= object.length;
    return true;
  }
  for (const key in object) {
    const part = (object as Record<string, unknown>)[key];
    if (isObject(part)) parts.push(part);
    if (--budget.values < 0) return false;
  }
  return true;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function hasObject(values: readonly unknown[]): boolean {
  for (const value of values) if (isObject(value)) return true;
  return false;
}
