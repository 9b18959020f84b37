import { types } from 'node:util';

import { Array, JSON, Map, Number, Object, Reflect, Set, String } from '../../node/intrinsics.ts';
import { instanceName, typeName } from '../../validation/describe.ts';
import { defineOwn } from '../../node/own-properties.ts';

/** JSON, which is all that a carrier may hold. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Marks the few values that JSON has no word for; a user's object may not have a key of this name. */
const TAG = '$offloop';
const MAX_DEPTH = 200;

/** Thrown while encoding; the caller turns it into an error that names the store. */
export class NotPlainError extends Error {
  readonly path: readonly string[];

  constructor(reason: string, path: readonly string[], options?: ErrorOptions) {
    super(reason, options);
    this.path = path;
  }
}

/**
 * Writes a plain value as JSON text that `fromText` reads back as it was, or refuses it.
 *
 * Plain is: what JSON has, and undefined, bigint, NaN, Infinity, -0, Date, Map, Set and objects without a prototype.
 * Everything else (a class instance, a function, a symbol, a cycle, a hole in an array) would arrive mangled.
 * @param maxBytes every value takes at least a byte, so the walk ends there: a few objects that repeat each other make billions
 * @throws NotPlainError with the path inside the value.
 */
export function toText(value: unknown, maxBytes = Infinity): string {
  return write(value, { path: [], parents: [], left: maxBytes, maxBytes });
}

/** What `toText` writes of an object with these keys and values; undefined where they are not primitive, or cannot cross. */
export function flatToText(keys: readonly string[], values: readonly unknown[]): string | undefined {
  let text = '{';
  for (let i = 0; i < keys.length; i++) {
    const value = values[i];
    if (keys[i] === TAG || !isPrimitive(value)) return undefined;
    text += (i === 0 ? '' : ',') + quotedKey(keys[i]!) + writePrimitive(value);
  }
  return `${text}}`;
}

/** Where the walk is. Two stacks, not a copy per value: this runs for every store of every call. */
interface Place {
  readonly path: string[];
  readonly parents: object[];
  left: number;
  readonly maxBytes: number;
}

/** Reads what `toText` wrote. Text without a tag, the usual case, costs one JSON.parse. */
export function fromText(text: string): unknown {
  const json = JSON.parse(text) as Json;
  return text.includes(TAG) ? fromJson(json) : json;
}

/** As JSON text at once: this runs for every store of every call, and a copy for JSON.stringify() would double its cost. */
function write(value: unknown, place: Place): string {
  if (isPrimitive(value)) return writePrimitive(value);
  if (typeof value === 'object') return writeObject(value, place);
  throw refusal(`a ${typeof value} cannot cross`, place);
}

type Primitive = string | boolean | number | undefined | bigint | null;

function isPrimitive(value: unknown): value is Primitive {
  return value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol');
}

function writePrimitive(value: Primitive): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : tagged('number', quoted(Object.is(value, -0) ? '-0' : String(value)));
    case 'undefined':
      return tagged('undefined');
    case 'bigint':
      return tagged('bigint', quoted(String(value)));
    default:
      return 'null';
  }
}

/** A longer text is JSON.stringify's. */
const SHORT = 100;

/**
 * Most texts are short and need no escape. Found without a regular expression: the watchdog shows stores in the middle of
 * another one, and Node 20 and 22 crash when two of them run on top of each other.
 */
function quoted(text: string): string {
  if (text.length > SHORT) return JSON.stringify(text);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < SPACE || code > TILDE || code === QUOTE || code === BACKSLASH) return JSON.stringify(text);
  }
  return `"${text}"`;
}

const [SPACE, QUOTE, BACKSLASH, TILDE] = [0x20, 0x22, 0x5C, 0x7E] as const;

/** Stores have few keys, and the same ones each time. */
const keys = new Map<string, string>();
const MAX_KEYS = 1000;

function quotedKey(key: string): string {
  const known = keys.get(key);
  if (known !== undefined) return known;
  const text = `${quoted(key)}:`;
  if (keys.size < MAX_KEYS) keys.set(key, text);
  return text;
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
  // Built-in classes by their name, since another realm has its own; what they are, by their inside.
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

/** Also the Object.prototype of another realm, as test runners that use `node:vm` have it. */
function isObjectPrototype(prototype: unknown): boolean {
  if (prototype === Object.prototype) return true;
  return typeof prototype === 'object' && prototype !== null && Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

function writeArray(array: readonly unknown[], place: Place): string {
  // Its items, and `length`.
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

/** Plain assignment to `__proto__` would set the prototype instead of a key. */
export function define<K extends PropertyKey, V>(record: Record<K, V>, key: K, value: V): void {
  if (key === '__proto__') defineOwn(record, key, { value, enumerable: true, configurable: true, writable: true });
  else record[key] = value;
}

function tagged(type: string, value = 'null'): string {
  return `{"${TAG}":"${type}","value":${value}}`;
}

function fromJson(json: Json): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(fromJson);
  const record = json as Readonly<Record<string, Json>>;
  return Object.hasOwn(record, TAG) ? fromTagged(record[TAG] as string, record.value ?? null) : fill({}, record);
}

function fromTagged(type: string, value: Json): unknown {
  switch (type) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(value);
    case 'bigint':
      return BigInt(value as string);
    case 'date':
      return new Date(fromJson(value) as number);
    case 'map':
      return new Map(fromJson(value) as [unknown, unknown][]);
    case 'set':
      return new Set(fromJson(value) as unknown[]);
    case 'null-prototype':
      return fill(Object.create(null) as Record<string, unknown>, value as Readonly<Record<string, Json>>);
    default:
      throw new SyntaxError(`there is no plain value of the type "${type}"`);
  }
}

function fill(target: Record<string, unknown>, source: Readonly<Record<string, Json>>): Record<string, unknown> {
  for (const [key, value] of Object.entries(source)) define(target, key, fromJson(value));
  return target;
}
