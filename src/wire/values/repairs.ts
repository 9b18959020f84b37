import { types } from 'node:util';

import { Object, Map, DOMException, Buffer } from '../../node/intrinsics.ts';
import { defineOwn } from '../../node/own-properties.ts';
import { isDOMException, rebuildError, type ErrorClasses, type ErrorRepair } from '../errors/error-repairs.ts';

/**
 * What structured clone does to a value, and how it is undone on arrival: a Buffer arrives as a Uint8Array, an error
 * without its class and its own properties. The list travels beside the value in the same message and names parts of it
 * by themselves: structured clone keeps what is the same the same, so that no path has to be followed.
 */
export interface Repairs {
  // Each key is always there, so that none is looked for on Object.prototype.
  /** Which of the values (the arguments, or the one result) are Buffers or DOMExceptions. */
  readonly roots: readonly number[] | undefined;
  /** Where others stand: holder, key, holder, key … For a Set, the key is the member's index. */
  readonly places: readonly unknown[] | undefined;
  readonly errors: readonly ErrorRepair[] | undefined;
}

/**
 * Undoes what structured clone has done to these values, in place. Never throws: what is not what the list says stays as
 * it is, since a getter may have answered otherwise when the value was cloned.
 */
export function repair(values: unknown[], { roots, places, errors }: Repairs, classes: ErrorClasses): void {
  const revived = new Map<unknown, unknown>();
  for (const error of errors ?? []) if (isDOMException(error)) revived.set(error.it, new DOMException(error.it.message, error.name));
  for (const root of roots ?? []) values[root] = revive(values[root], revived);
  if (places !== undefined) reviveAt(places, revived);
  for (const error of errors ?? []) quietly(() => { rebuildError(error, (revived.get(error.it) as object | undefined) ?? error.it, classes); });
}

/** The same for one value. */
export function repaired(value: unknown, repairs: Repairs | undefined, classes: ErrorClasses): unknown {
  if (repairs === undefined) return value;
  const values = [value];
  repair(values, repairs, classes);
  return values[0];
}

function reviveAt(places: readonly unknown[], revived: Map<unknown, unknown>): void {
  const sets = new Map<Set<unknown>, unknown[]>();
  for (let i = 0; i < places.length; i += 2) {
    const [holder, key] = [places[i], places[i + 1]];
    quietly(() => {
      if (types.isMap(holder)) holder.set(key, revive(holder.get(key), revived));
      else if (types.isSet(holder)) reviveMember(holder, key as number, revived, sets);
      else reviveProperty(holder as object, key as string, revived);
    });
  }
  for (const [set, members] of sets) {
    set.clear();
    for (const member of members) set.add(member);
  }
}

/** A Set has no other way to change a member where it stands than to be filled again. */
function reviveMember(set: Set<unknown>, index: number, revived: Map<unknown, unknown>, sets: Map<Set<unknown>, unknown[]>): void {
  const members = sets.get(set) ?? [...set];
  sets.set(set, members);
  if (index < members.length) members[index] = revive(members[index], revived);
}

/** What is not there any more is not put there: the key may be `__proto__`. */
function reviveProperty(holder: object, key: string, revived: Map<unknown, unknown>): void {
  const property = Object.getOwnPropertyDescriptor(holder, key);
  if (property !== undefined) defineOwn(holder, key, { ...property, value: revive(property.value, revived) });
}

/** One Buffer for each array, so that what was the same in two places is so again. */
function revive(value: unknown, revived: Map<unknown, unknown>): unknown {
  if (revived.has(value)) return revived.get(value);
  if (!types.isUint8Array(value)) return value;
  const buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  revived.set(value, buffer).set(buffer, buffer);
  return buffer;
}

/** The error that a stand-in could not be given all that belongs to it is still an error with its message. */
function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // As it arrived.
  }
}
