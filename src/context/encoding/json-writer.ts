import { types } from 'node:util';

import { Array, Object, Reflect, String } from '../../node/intrinsics.ts';
import { instanceName, typeName } from '../../validation/describe.ts';
import { isPrimitive, quotedKey, TAG, tagged, writePrimitive } from './json-primitives.ts';

const MAX_DEPTH = 200;

/** Thrown while writing; the caller turns it into an error that names the store. */
export class NotPlainError extends Error {
  readonly path: readonly string[];

  constructor(reason: string, path: readonly string[], options?: ErrorOptions) {
    super(reason, options);
    this.path = path;
  }
}

/**
 * Writes a plain value as JSON text that `readJson` reads back as the same value, or refuses the value.
 *
 * Plain values are the values of JSON, and undefined, bigint, NaN, Infinity, -0, Date, Map, Set and objects without a prototype.
 * Everything else (a class instance, a function, a symbol, a cycle, a hole in an array) would arrive mangled.
 * @param maxBytes every value takes at least a byte, so the walk ends there: a few objects that repeat each other make billions
 * @throws NotPlainError with the path inside the value.
 */
export function writeJson(value: unknown, maxBytes = Infinity): string {
  return write(value, { path: [], parents: [], left: maxBytes, maxBytes });
}

/** The text that `writeJson` writes of an object with these keys and values; undefined where a value is not primitive, or a key is reserved. */
export function writeFlatJson(keys: readonly string[], values: readonly unknown[]): string | undefined {
  let text = '{';
  for (let i = 0; i < keys.length; i++) {
    const value = values[i];
    if (keys[i] === TAG || !isPrimitive(value)) return undefined;
    text += (i === 0 ? '' : ',') + quotedKey(keys[i]!) + writePrimitive(value);
  }
  return `${text}}`;
}

/** The position of the walk: two stacks instead of a copy per value, since the walk runs for every store of every call. */
interface Place {
  readonly path: string[];
  readonly parents: object[];
  left: number;
  readonly maxBytes: number;
}

/** Writes text at once instead of a copy for JSON.stringify(), which would double the cost: the walk runs for every store of every call. */
function write(value: unknown, place: Place): string {
  if (isPrimitive(value)) return writePrimitive(value);
  if (typeof value === 'object') return writeObject(value, place);
  throw refusal(`a ${typeof value} cannot cross`, place);
}

function refusal(reason: string, { path }: Place, options?: ErrorOptions): NotPlainError {
  return new NotPlainError(reason, [...path], options);
}

function writeObject(value: object, place: Place): string {
  const { parents } = place;
  if (parents.includes(value)) throw refusal('it refers back to itself', place);
  if (--place.left < 0) throw refusal(`it has more values than its ${place.maxBytes} bytes can hold`, place);
  if (parents.length === MAX_DEPTH) throw refusal(`it is nested deeper than ${MAX_DEPTH} levels`, place);
  parents.push(value);
  const depth = place.path.length;
  try {
    return writeContainer(value, place);
  } catch (cause) {
    if (cause instanceof NotPlainError) throw cause;
    place.path.length = depth;
    throw refusal('it cannot be read', place, { cause });
  } finally {
    parents.pop();
  }
}

function writeContainer(value: object, place: Place): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return tagged('null-prototype', writeRecord(value, place));
  if (isObjectPrototype(prototype)) return writeRecord(value, place);
  // The name tells a built-in class, since another realm has its own classes; the inside of the value proves the name.
  const isBuiltIn = isObjectPrototype(Object.getPrototypeOf(prototype));
  if (isBuiltIn && Array.isArray(value)) return writeArray(value, place);
  const name = isBuiltIn ? typeName(value) : '';
  if (name === 'Map' && types.isMap(value)) return tagged('map', writeArray([...ownless(value, place)], place));
  if (name === 'Set' && types.isSet(value)) return tagged('set', writeArray([...ownless(value, place)], place));
  if (name === 'Date' && types.isDate(value)) return tagged('date', write(ownless(value, place).getTime(), place));
  throw refusal(`${instanceName(value)} would arrive as a bare object`, place);
}

/** A Map with a key of its own, beside its entries, would arrive without it. */
function ownless<T extends object>(value: T, place: Place): T {
  if (Reflect.ownKeys(value).length > 0) throw refusal('a key of its own cannot cross', place);
  return value;
}

/** True for the Object.prototype of another realm, too: test runners that use `node:vm` have such objects. */
function isObjectPrototype(prototype: unknown): boolean {
  if (prototype === Object.prototype) return true;
  return typeof prototype === 'object' && prototype !== null && Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

function writeArray(array: readonly unknown[], place: Place): string {
  // An array's own keys are its items and `length`.
  if (Reflect.ownKeys(array).length !== array.length + 1 || !Object.keys(array).every((key, i) => key === String(i))) {
    throw refusal('an array with holes or keys of its own cannot cross', place);
  }
  let text = '[';
  for (let i = 0; i < array.length; i++) {
    place.path.push(String(i));
    text += `${i === 0 ? '' : ','}${write(read(array, String(i), place), place)}`;
    place.path.pop();
  }
  return `${text}]`;
}

function writeRecord(record: object, place: Place): string {
  const symbol = Object.getOwnPropertySymbols(record)[0];
  if (symbol !== undefined) {
    place.path.push(String(symbol));
    throw refusal('a symbol key cannot cross, since each thread has symbols of its own', place);
  }
  let text = '{';
  for (const key of Object.keys(record)) {
    place.path.push(key);
    if (key === TAG) throw refusal('this key is reserved', place);
    text += (text === '{' ? '' : ',') + quotedKey(key) + write(read(record, key, place), place);
    place.path.pop();
  }
  return `${text}}`;
}

function read(record: object, key: string, place: Place): unknown {
  try {
    return (record as Record<string, unknown>)[key];
  } catch (cause) {
    throw refusal('its getter threw', place, { cause });
  }
}
