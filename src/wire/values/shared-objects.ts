import { types } from 'node:util';

import { Array, Map, ArrayBuffer } from '../../node/intrinsics.ts';
import { eachPart } from './parts.ts';

/** How many objects, and how many values, of one task are looked at: what is larger gains nothing by sharing a message. */
const OBJECTS = 1000;
const VALUES = 10_000;

/**
 * Values of different tasks that are to go in one message. An object that two of them share would arrive as one object,
 * and what one task does to its copy would be seen by the other: such values must go in different messages.
 */
export class SharedObjectGuard {
  /** Which task each object is a part of. */
  readonly #owners = new Map<object, number>();
  #tasks = 0;

  /** Whether a task's value shares no object with those that were added before. */
  add(value: unknown): boolean {
    return !isObject(value) || this.addAll([value]);
  }

  /** The same for several values of one task, which may share what they like. */
  addAll(values: readonly unknown[]): boolean {
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
    // Shared memory is shared on purpose.
    if (ArrayBuffer.isView(object)) {
      if (!types.isSharedArrayBuffer(object.buffer)) waiting.push(object.buffer);
      return true;
    }
    try {
      return types.isMap(object) || types.isSet(object) ? collectEntries(object, waiting, budget) : collectParts(object, waiting, budget);
    } catch {
      // A getter that throws, which cloning will meet again.
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

/** Not with `eachPart`, which takes longer: this is done for each short task that is to share a message. */
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
