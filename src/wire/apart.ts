import { types } from 'node:util';

/** How many objects of one value are looked at: what is larger gains nothing by sharing a message. */
const BUDGET = 1000;

/**
 * Values of different tasks that are to go in one message. An object that two of them share would arrive as one object,
 * and what one task does to its copy would be seen by the other: such values must go in different messages.
 */
export class Apart {
  /** Which value each object is a part of. */
  readonly #owners = new Map<object, number>();
  #values = 0;

  /** Whether the value shares no object with those that were added before. */
  add(value: unknown): boolean {
    if (!isObject(value)) return true;
    const owner = this.#values++;
    const waiting: object[] = [value];
    for (let seen = 0; waiting.length > 0; seen++) {
      if (seen === BUDGET || !this.#claim(waiting.pop()!, owner, waiting)) return false;
    }
    return true;
  }

  clear(): void {
    this.#owners.clear();
  }

  #claim(object: object, owner: number, waiting: object[]): boolean {
    const known = this.#owners.get(object);
    if (known !== undefined) return known === owner;
    this.#owners.set(object, owner);
    return collectParts(object, waiting);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Returns false for what cannot be looked into. */
function collectParts(object: object, parts: object[]): boolean {
  if (types.isProxy(object)) return false;
  try {
    for (const part of partsOf(object)) if (isObject(part)) parts.push(part);
    return true;
  } catch {
    // A getter that throws, which cloning will meet again.
    return false;
  }
}

/** What structured clone descends into. Getters are called, and may throw. */
export function partsOf(object: object): Iterable<unknown> {
  if (Array.isArray(object) || types.isSet(object)) return object;
  if (types.isMap(object)) return [...object.keys(), ...object.values()];
  // Shared memory is shared on purpose.
  if (ArrayBuffer.isView(object)) return types.isSharedArrayBuffer(object.buffer) ? [] : [object.buffer];
  return Object.values(object) as unknown[];
}
