import { types } from 'node:util';

import { Object, Map, DOMException, Buffer } from '../../node/intrinsics.ts';
import { defineOwn } from '../../node/own-properties.ts';
import { isDOMException, type ErrorClasses, type ErrorRepair } from '../errors/error-repairs.ts';
import { rebuildError } from '../errors/rebuild-error.ts';

/**
 * How the receiver undoes what structured clone does to a value: a Buffer arrives as a Uint8Array, an error without its class and its
 * own properties. The repairs travel in the same message as the value and refer to its parts directly: structured clone keeps the
 * identity of objects, so no path has to be followed.
 */
export interface Repairs {
  // Every key is always present, so that none is read from Object.prototype.
  /** Which of the values (the arguments, or the one result) are Buffers or DOMExceptions. */
  readonly roots: readonly number[] | undefined;
  /** Where other Buffers and DOMExceptions are: holder, key, holder, key … For a Set, the key is the member's index. */
  readonly revivals: readonly unknown[] | undefined;
  readonly errors: readonly ErrorRepair[] | undefined;
}

/**
 * Repairs the values in place. Never throws: a part that is not what the repairs say stays as it is, since a getter may have returned
 * another value when the message was cloned.
 */
export function repair(values: unknown[], { roots, revivals, errors }: Repairs, classes: ErrorClasses): void {
  const revived = new Map<unknown, unknown>();
  for (const error of errors ?? []) if (isDOMException(error)) revived.set(error.it, new DOMException(error.it.message, error.name));
  for (const root of roots ?? []) values[root] = revive(values[root], revived);
  if (revivals !== undefined) reviveAt(revivals, revived);
  for (const error of errors ?? []) quietly(() => { rebuildError(error, (revived.get(error.it) as object | undefined) ?? error.it, classes); });
}

/** The same for one value. */
export function repaired(value: unknown, repairs: Repairs | undefined, classes: ErrorClasses): unknown {
  if (repairs === undefined) return value;
  const values = [value];
  repair(values, repairs, classes);
  return values[0];
}

function reviveAt(revivals: readonly unknown[], revived: Map<unknown, unknown>): void {
  const sets = new Map<Set<unknown>, unknown[]>();
  for (let i = 0; i < revivals.length; i += 2) {
    const [holder, key] = [revivals[i], revivals[i + 1]];
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

/** A member of a Set can only be replaced at its position by filling the Set again. */
function reviveMember(set: Set<unknown>, index: number, revived: Map<unknown, unknown>, sets: Map<Set<unknown>, unknown[]>): void {
  const members = sets.get(set) ?? [...set];
  sets.set(set, members);
  if (index < members.length) members[index] = revive(members[index], revived);
}

/** A missing property is not added: the key may be `__proto__`. */
function reviveProperty(holder: object, key: string, revived: Map<unknown, unknown>): void {
  const property = Object.getOwnPropertyDescriptor(holder, key);
  if (property !== undefined) defineOwn(holder, key, { ...property, value: revive(property.value, revived) });
}

/** Makes one Buffer for each array, so that an array that occurs twice becomes one Buffer that occurs twice. */
function revive(value: unknown, revived: Map<unknown, unknown>): unknown {
  if (revived.has(value)) return revived.get(value);
  if (!types.isUint8Array(value)) return value;
  const buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  revived.set(value, buffer).set(buffer, buffer);
  return buffer;
}

/** An error that cannot be rebuilt completely still has its message. */
function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // The part stays as it arrived.
  }
}
