import { types } from 'node:util';

import { Object, Error } from '../../node/intrinsics.ts';

/** Whether the value is an error of any realm. Without `instanceof`, which a class may define as it likes, as zod does. */
export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false;
  return types.isNativeError(value) || quietly(() => hasErrorPrototype(value)) === true;
}

/** The same for an object inside a value, where a bare object with an error's prototype is a mistake of its author. */
export function isErrorInside(value: object): value is Error {
  if (types.isNativeError(value)) return true;
  return isError(value) && quietly(() => Object.hasOwn(value, 'message') || Object.hasOwn(value, 'stack')) === true;
}

/** The prototype chain of a proxy may be endless. */
export const MAX_PROTOTYPES = 100;

export function hasErrorPrototype(value: object): boolean {
  let at: unknown = Object.getPrototypeOf(value);
  for (let depth = 0; depth < MAX_PROTOTYPES && typeof at === 'object' && at !== null && at !== Object.prototype; depth++) {
    if (at === Error.prototype || isForeignErrorPrototype(at)) return true;
    at = Object.getPrototypeOf(at);
  }
  return false;
}

function isForeignErrorPrototype(prototype: object): boolean {
  if (!Object.hasOwn(prototype, 'message') || !Object.hasOwn(prototype, 'toString')) return false;
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof constructor === 'function' && nameOf(constructor) === 'Error';
}

/** A class may have a static `name` of any kind: a method, a number, a getter that throws. */
export function nameOf(constructor: object): string {
  const name: unknown = quietly((): unknown => Object.getOwnPropertyDescriptor(constructor, 'name')?.value);
  return typeof name === 'string' ? name : '';
}

/** Reading a user's object may throw: a getter, a proxy. */
export function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
