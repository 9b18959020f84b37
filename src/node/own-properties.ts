import { Object } from './intrinsics.ts';

/** A class whose objects inherit nothing. An object with a null prototype would take twice as long to fill and to read. */
const Own = function () { /* Nothing to set. */ } as unknown as new () => object;
Own.prototype = Object.freeze(Object.create(null) as object);

/**
  * A copy that has the object's own properties, and no others: a key that other code has put on `Object.prototype` is neither an option nor
  * a part of a message. Read the copy, destructure it, and pass it on; but `{ ...copy }` and a rest pattern inherit again.
 */
export function ownCopy<T extends object>(object: T): T {
  return Object.assign<object, T>(new Own(), object);
}

/** `Object.defineProperty` with the descriptor's own keys alone: a `get` on `Object.prototype` would make every other descriptor invalid. */
export function defineOwn<T extends object>(object: T, key: PropertyKey, property: PropertyDescriptor): T {
  return Object.defineProperty(object, key, ownCopy(property));
}

/** `record[key] = value`, also for the key `__proto__`: a plain assignment to that key would set the prototype. */
export function setOwn<K extends PropertyKey, V>(record: Record<K, V>, key: K, value: V): void {
  if (key === '__proto__') defineOwn(record, key, { value, enumerable: true, configurable: true, writable: true });
  else record[key] = value;
}

/** Reads these keys, once each, where they are the object's own: for an object from a message, which may be anything. */
export function ownValues<K extends string>(object: unknown, keys: readonly K[]): unknown[] {
  const holder: unknown = object ?? {};
  return keys.map((key) => (Object.hasOwn(holder as object, key) ? (holder as Record<K, unknown>)[key] : undefined));
}

/** Reads `object[key]`, unless the key comes from `Object.prototype`: a class may define the key for its instances. */
export function ownOrOfClass(object: object, key: PropertyKey): unknown {
  return key in Object.prototype && !hasOwnOrOfClass(object, key) ? undefined : (object as Record<PropertyKey, unknown>)[key];
}

/** `key in object`, unless the key comes from `Object.prototype`. A proxy sees no other operation than `in`, as long as nobody has put the key on `Object.prototype`. */
export function hasOwnOrOfClass(object: object, key: PropertyKey): boolean {
  return key in Object.prototype ? Object.hasOwn(object, key) || isOfClass(object, key) : key in object;
}

function isOfClass(object: object, key: PropertyKey): boolean {
  const prototype = Object.getPrototypeOf(object) as object | null;
  if (prototype === null || prototype === Object.prototype) return false;
  return Object.hasOwn(prototype, key) || isOfClass(prototype, key);
}
