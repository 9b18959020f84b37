import { types } from 'node:util';

import { Object, Reflect, Set, WeakMap, Error } from '../../node/intrinsics.ts';
import { assert } from '../../node/builtins.ts';
import { errorClasses } from '../../errors.ts';
import { userStack } from '../../node/stack-frames.ts';
import { defineOwn } from '../../node/own-properties.ts';

/**
 * What an error has beyond its message and its stack, which its stand-in in the value carries: structured clone loses the
 * class and the own properties. Also for a thrown object that is no error, whose class is known on the other side.
 */
export interface ErrorRepair {
  /** What stands in its place in the value. */
  readonly it: Error | Record<string, unknown>;
  /** Constructor names from its own class up to Error: the first one known on the other side is used. */
  readonly classes: readonly string[];
  /** The name under which the task's module exports the class; null where its sender did not know the exports. */
  exportedAs?: string | null | undefined;
  readonly name: string;
  readonly props: Readonly<Record<string, unknown>>;
  /** Which of them are not enumerable. */
  readonly hidden: readonly string[];
}

export type ErrorClass = abstract new (...args: any[]) => Error;

type Exports = Readonly<Record<string, unknown>>;

/** Where a side finds the classes that errors may have. */
export interface ErrorClasses {
  readonly registered: readonly ErrorClass[];
  /** The exports of the task's module, when this side may load it. */
  readonly exports: Exports;
}

/** For a side that knows no classes but the built-in ones. */
export const noClasses: ErrorClasses = { registered: [], exports: {} };

const builtIn: Readonly<Record<string, ErrorClass>> = {
  ...{ Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError },
  ...errorClasses,
  ...newerClasses(),
};

/** WebAssembly is missing with `--jitless`, SuppressedError before Node 24. */
function newerClasses(): Record<string, ErrorClass> {
  const { WebAssembly: { CompileError, LinkError, RuntimeError } = {}, SuppressedError } = globalThis as {
    readonly WebAssembly?: Record<string, ErrorClass>;
    readonly SuppressedError?: ErrorClass;
  };
  const classes = Object.entries({ CompileError, LinkError, RuntimeError, SuppressedError });
  return Object.fromEntries(classes.filter((entry): entry is [string, ErrorClass] => entry[1] !== undefined));
}

/** Own properties that the stand-in carries. */
const carried = new Set(['message', 'stack']);

/**
 * Whether it is an error, of this realm or of another one. No `instanceof`: a class may answer that as it likes, and zod's
 * does.
 */
export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false;
  return types.isNativeError(value) || quietly(() => hasErrorPrototype(value)) === true;
}

/** The same for what stands somewhere in a value, where a bare object with an error's prototype is a mistake. */
export function isErrorInside(value: object): value is Error {
  if (types.isNativeError(value)) return true;
  return isError(value) && quietly(() => Object.hasOwn(value, 'message') || Object.hasOwn(value, 'stack')) === true;
}

/** A prototype chain ends; that of a proxy need not. */
const MAX_DEPTH = 100;

function hasErrorPrototype(value: object): boolean {
  let at: unknown = Object.getPrototypeOf(value);
  for (let depth = 0; depth < MAX_DEPTH && typeof at === 'object' && at !== null && at !== Object.prototype; depth++) {
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

/** The error's part of a message, without its properties, and the stand-in that carries the rest. */
export function outlineOf(error: Error, exports: Exports | undefined): Omit<ErrorRepair, 'props' | 'hidden' | 'it'> & { readonly it: Error } {
  const it = new Error(textOf(error, 'message'));
  // To define it anew would read it first, by an Error.prepareStackTrace of the user's, which may throw.
  Reflect.deleteProperty(it, 'stack');
  defineOwn(it, 'stack', { value: userStack(textOf(error, 'stack')), configurable: true, writable: true });
  const ofClass = classOf(error, exports);
  if (exports === undefined) originals.set(it, error);
  return { it, ...ofClass, name: textOf(error, 'name') };
}

/** Behind the stand-ins for which nobody has looked whether their class is exported. */
const originals = new WeakMap<object, object>();

/** Says so, now that the exports are at hand. */
export function nameExports(errors: readonly ErrorRepair[], exports: Exports): void {
  for (const error of errors) {
    const original = originals.get(error.it);
    if (original !== undefined) error.exportedAs = classOf(original, exports).exportedAs;
  }
}

/** Which class an object is of, in words that the other side can look up. */
export function classOf(object: object, exports: Exports | undefined): Pick<ErrorRepair, 'classes' | 'exportedAs'> {
  const chain = quietly(() => classChain(object)) ?? [];
  const classes = chain.map(nameOf);
  if (exports === undefined) return { classes, exportedAs: null };
  return { classes, exportedAs: chain[0] && Object.keys(exports).find((key) => quietly(() => exports[key]) === chain[0]) };
}

function classChain(object: object): object[] {
  const chain: object[] = [];
  let at: unknown = Object.getPrototypeOf(object);
  for (let depth = 0; depth < MAX_DEPTH && typeof at === 'object' && at !== null && at !== Object.prototype; depth++) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof constructor === 'function') chain.push(constructor);
    at = Object.getPrototypeOf(at);
  }
  return chain;
}

/** A class may have a static `name` of its own, which is anything: a method, a number, a getter that throws. */
function nameOf(constructor: object): string {
  const name: unknown = quietly((): unknown => Object.getOwnPropertyDescriptor(constructor, 'name')?.value);
  return typeof name === 'string' ? name : '';
}

/** The own properties to send, by name. A getter that throws leaves undefined. */
export function* ownProps(error: Error): Generator<{ key: string; value: unknown; isHidden: boolean }> {
  for (const key of quietly(() => Object.getOwnPropertyNames(error)) ?? []) {
    if (carried.has(key)) continue;
    const value = quietly(() => (error as unknown as Record<string, unknown>)[key]);
    yield { key, value, isHidden: quietly(() => Object.getOwnPropertyDescriptor(error, key)?.enumerable) === false };
  }
}

function textOf(error: Error, key: 'name' | 'message' | 'stack'): string {
  const text = quietly(() => error[key] as unknown);
  return typeof text === 'string' ? text : '';
}

/** Reading a user's object may throw: a getter, a proxy. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** It cannot be made of another error, and has to be put in its place. */
export function isDOMException(repair: ErrorRepair): repair is ErrorRepair & { readonly it: Error } {
  return repair.classes[0] === 'DOMException' && types.isNativeError(repair.it);
}

/** Whether the class of one of them may be found among the exports of the task's module, and nowhere else. */
export function needExports(errors: readonly ErrorRepair[] | undefined, registered: readonly ErrorClass[]): boolean {
  return errors?.some((error) => typeof error.exportedAs === 'string' || (error.exportedAs === null && isUnknown(error, registered))) === true;
}

function isUnknown({ classes: [name] }: ErrorRepair, registered: readonly ErrorClass[]): boolean {
  return name !== undefined && name !== 'DOMException' && classNamed(name, registered) === undefined;
}

/**
 * Gives the error its class and what it owned.
 * @param error what stands in the value now: its stand-in, or what has been put in the place of that
 */
export function rebuildError(repair: ErrorRepair, error: object, classes: ErrorClasses): void {
  const { it, name, props, hidden } = repair;
  const { stack } = it as { stack?: unknown };
  // A DOMException, which has taken the place of its stand-in, has its class.
  if (error === it) setClass(error, repair, classes);
  for (const key of Object.keys(props)) define(error, key, props[key], !hidden.includes(key));
  if (!isError(error)) return;
  // A class that is not known here may have set its name on its prototype.
  if (error.name !== name) define(error, 'name', name, false);
  define(error, 'stack', typeof stack === 'string' && stack !== '' ? stack : `${name}: ${error.message}`, false);
}

/** No constructor of the user's runs: it may want other arguments, or do things. */
function findClass(repair: ErrorRepair, { registered, exports }: ErrorClasses): ErrorClass {
  const exported = exportedClass(repair, exports);
  if (isErrorClass(exported)) return exported;
  for (const name of repair.classes) {
    const found = classNamed(name, registered);
    if (found !== undefined) return found;
  }
  return Error;
}

/** By the name that the other side found it under, or by its own. */
function exportedClass({ exportedAs: key, classes: [name] }: ErrorRepair, exports: Exports): unknown {
  if (typeof key === 'string') return exports[key];
  if (key === undefined) return undefined;
  if (name === undefined || name === '' || Object.hasOwn(builtIn, name)) return undefined;
  return Object.keys(exports).map((one) => quietly(() => exports[one])).find((one) => typeof one === 'function' && nameOf(one) === name);
}

function classNamed(name: string, registered: readonly ErrorClass[]): ErrorClass | undefined {
  if (name === '') return undefined;
  const found = registered.find((one) => nameOf(one) === name && isErrorClass(one));
  if (found !== undefined) return found;
  if (name === 'AssertionError') return assert().AssertionError;
  return Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
}

/** With a class that only says so (zod's ZodError) it would be no error any more. */
function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === 'function' && quietly(() => hasErrorPrototype({ __proto__: value.prototype as object })) === true;
}

function setClass(object: object, repair: ErrorRepair, classes: ErrorClasses): void {
  if (types.isNativeError(object)) Object.setPrototypeOf(object, findClass(repair, classes).prototype as object);
  else setKnownClass(object, repair, classes);
}

/** A thrown object that was no error stays plain data where nobody here knows its class. */
function setKnownClass(object: object, repair: ErrorRepair, { registered, exports }: ErrorClasses): void {
  const known = exportedClass(repair, exports) ?? registered.find((one) => nameOf(one) === repair.classes[0]);
  const prototype: unknown = typeof known === 'function' ? known.prototype : undefined;
  if (typeof prototype === 'object' && prototype !== null) Object.setPrototypeOf(object, prototype);
}

function define(error: object, key: string, value: unknown, enumerable: boolean): void {
  defineOwn(error, key, { value, enumerable, configurable: true, writable: true });
}
