import { inspect, types } from 'node:util';

import { Array, Object, String } from '../node/intrinsics.ts';

/** A value as an error message shows it: short, on one line, with its type: "`-1` (number)". */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return `\`${String(value)}\``;
  return `\`${shortened(safeInspect(value))}\` (${typeName(value)})`;
}

/** The type as a reader would call it: "number", "array", "function", "Socket". */
export function typeName(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  // The prototype of a revoked proxy cannot even be asked for.
  if (types.isProxy(value)) return 'proxy';
  if (Array.isArray(value)) return 'array';
  return constructorName(value) ?? 'object';
}

/** "an instance of Socket", by the nearest class that has a name: Express, for one, puts an object between a request and its class. */
export function instanceName(value: object): string {
  let name = !types.isProxy(value) && Array.isArray(value) ? (constructorName(value) ?? 'Array') : typeName(value);
  let prototype: object | null = value;
  for (let depth = 0; name === 'object' && depth < MAX_DEPTH && prototype !== null; depth++) {
    prototype = prototypeOf(prototype);
    name = prototype === null ? name : typeName(prototype);
  }
  return `an instance of ${name === 'object' ? 'an unnamed class' : name}`;
}

/** Limits the walk, since a proxy may answer with another prototype each time. */
const MAX_DEPTH = 10;

function prototypeOf(value: object): object | null {
  try {
    return Object.getPrototypeOf(value) as object | null;
  } catch {
    return null;
  }
}

/** Reads no getter of the value itself, and survives a hostile prototype. */
function constructorName(value: object): string | undefined {
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (typeof prototype !== 'object' || prototype === null) return undefined;
    const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    const name = typeof constructor === 'function' ? constructor.name : '';
    return name === '' || name === 'Object' ? undefined : name;
  } catch {
    return undefined;
  }
}

function safeInspect(value: unknown): string {
  try {
    return inspect(value, { depth: 0, breakLength: Infinity, customInspect: false, maxArrayLength: 3, maxStringLength: 60 });
  } catch {
    return 'a value that cannot be shown';
  }
}

/** A foreign text, cut to the length that a message may show. */
export function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** "RangeError: too far", or a description of a value that is no error. Never throws, though reading an error may. */
export function errorText(error: unknown): string {
  try {
    return isErrorLike(error) ? `${error.name}: ${error.message}` : describe(error);
  } catch {
    return 'an error that cannot be read';
  }
}

/** Also for an error of another realm, and for a class that redefines `instanceof`. */
function isErrorLike(error: unknown): error is Error {
  return types.isNativeError(error) || error instanceof Error;
}
