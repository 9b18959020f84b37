import { assert } from '../builtins.ts';
import { errorClasses } from '../errors.ts';
import { describe } from '../describe.ts';
import { userStack } from '../frames.ts';
import { reviveBuffers } from './buffers.ts';
import type { Path } from './places.ts';
import { survey } from './survey.ts';
import { isCloneable } from './uncloneable.ts';

/** A thrown value on its way to the other thread: plain, always cloneable, always inside this envelope. */
export type EncodedThrow = EncodedError | EncodedValue | { readonly kind: 'again'; readonly index: number };

interface EncodedValue {
  readonly kind: 'value';
  readonly value: unknown;
  readonly buffers?: readonly Path[] | undefined;
}

interface EncodedError {
  readonly kind: 'error';
  /** Constructor names from the error's own class up to Error: the first one known on the other side is used. */
  readonly classes: readonly string[];
  /** The name under which the task's module exports the class. */
  readonly exportedAs?: string | undefined;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly props: Readonly<Record<string, unknown>>;
  /** Where in `props` a Buffer is. */
  readonly buffers?: readonly Path[] | undefined;
  readonly cause?: EncodedThrow | undefined;
  readonly errors?: readonly EncodedThrow[] | undefined;
}

export type ErrorClass = abstract new (...args: any[]) => Error;

const builtIn: Readonly<Record<string, ErrorClass>> = {
  ...{ Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError },
  ...errorClasses,
};

/** Causes, and causes of causes: a longer chain tells nobody more, and a very long one would overflow the stack. */
const MAX_ERRORS = 1000;

/** Rebuilt by hand: everything else that an error owns travels in `props`. */
const handled = new Set(['message', 'stack', 'cause', 'errors']);

/**
 * @param exports the namespace of the task's module, to say under which name it exports the error's class
 */
export function encodeThrow(thrown: unknown, exports: Readonly<Record<string, unknown>> = {}): EncodedThrow {
  try {
    return encode(thrown, exports, []);
  } catch {
    // An error may be made to fight back; then its description has to do.
    return { kind: 'value', value: describe(thrown) };
  }
}

function encode(thrown: unknown, exports: Readonly<Record<string, unknown>>, seen: unknown[]): EncodedThrow {
  if (!isError(thrown)) return valueOf(thrown);
  const index = seen.indexOf(thrown);
  if (index >= 0) return { kind: 'again', index };
  if (seen.length === MAX_ERRORS) return { kind: 'value', value: describe(thrown) };
  seen.push(thrown);
  const chain = classChain(thrown);
  return {
    kind: 'error',
    classes: chain.map((c) => c.name),
    exportedAs: Object.keys(exports).find((key) => quietly(() => exports[key]) === chain[0]),
    name: textOf(thrown, 'name'),
    message: textOf(thrown, 'message'),
    stack: userStack(textOf(thrown, 'stack')),
    ...propsOf(thrown),
    cause: Object.hasOwn(thrown, 'cause') ? encode(quietly(() => thrown.cause), exports, seen) : undefined,
    errors: listOfErrors(thrown)?.map((error: unknown) => encode(error, exports, seen)),
  };
}

function listOfErrors(error: Error): readonly unknown[] | undefined {
  const errors: unknown = error instanceof AggregateError ? quietly((): unknown => error.errors) : undefined;
  return Array.isArray(errors) ? errors : undefined;
}

function isError(thrown: unknown): thrown is Error {
  return quietly(() => thrown instanceof Error) === true;
}

function classChain(error: Error): { name: string; prototype: unknown }[] {
  const chain: { name: string; prototype: unknown }[] = [];
  for (let at: unknown = Object.getPrototypeOf(error); at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof constructor === 'function') chain.push(constructor);
  }
  return chain;
}

/** A property that cannot cross arrives as a description of itself: losing the error would be worse. */
function ownProps(error: Error): Record<string, unknown> {
  const props: Record<string, unknown> = {};
  for (const key of Object.getOwnPropertyNames(error)) {
    if (handled.has(key)) continue;
    const value = cloneableOrText(quietly(() => (error as unknown as Record<string, unknown>)[key]));
    Object.defineProperty(props, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return props;
}

function valueOf(thrown: unknown): EncodedThrow {
  const value = cloneableOrText(thrown);
  return { kind: 'value', value, buffers: survey(value, '') };
}

function propsOf(error: Error): Pick<EncodedError, 'props' | 'buffers'> {
  const props = ownProps(error);
  return { props, buffers: survey(props, '') };
}

function cloneableOrText(value: unknown): unknown {
  return isCloneable(value) && quietly(() => (survey([value], ''), true)) === true ? value : describe(value);
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

/** Where the caller's side finds the classes that a task's errors may have. */
export interface ErrorClasses {
  readonly registered: readonly ErrorClass[];
  /** The exports of the task's module, when this side may load it. */
  readonly exports: Readonly<Record<string, unknown>>;
}

/**
 * The thrown value again: an error of the same class, with its name, message, code, own properties, cause and errors.
 * @param callerFrames stack lines to put beneath the worker's
 */
export function decodeThrow(encoded: EncodedThrow, classes: ErrorClasses, callerFrames: string): unknown {
  return decode(encoded, classes, [], callerFrames);
}

function decode(encoded: EncodedThrow, classes: ErrorClasses, seen: unknown[], callerFrames: string): unknown {
  if (encoded.kind === 'value') return reviveBuffers(encoded.value, encoded.buffers);
  if (encoded.kind === 'again') return seen[encoded.index];
  const error = create(encoded, findClass(encoded, classes));
  seen.push(error);
  // A class that is not known here may have set its name on its prototype.
  if (error.name !== encoded.name) hide(error, 'name', encoded.name);
  hide(error, 'stack', (encoded.stack === '' ? `${encoded.name}: ${encoded.message}` : encoded.stack) + callerFrames);
  reviveBuffers(encoded.props, encoded.buffers);
  for (const key of Object.keys(encoded.props)) assign(error, key, encoded.props[key]);
  if (encoded.cause !== undefined) hide(error, 'cause', decode(encoded.cause, classes, seen, ''));
  if (encoded.errors !== undefined) hide(error, 'errors', encoded.errors.map((one) => decode(one, classes, seen, '')));
  return error;
}

/** No constructor of the user's runs: it may want other arguments, or do things. */
function create({ classes, name, message }: EncodedError, errorClass: ErrorClass): Error {
  if (classes[0] === 'DOMException') return new DOMException(message, name);
  const error = new Error(message);
  Object.setPrototypeOf(error, errorClass.prototype as object);
  return error;
}

function findClass({ classes, exportedAs }: EncodedError, known: ErrorClasses): ErrorClass {
  const exported = exportedAs === undefined ? undefined : known.exports[exportedAs];
  if (isErrorClass(exported)) return exported;
  for (const name of classes) {
    const found = known.registered.find((c) => c.name === name) ?? builtInClass(name);
    if (found !== undefined) return found;
  }
  return Error;
}

function builtInClass(name: string): ErrorClass | undefined {
  if (name === 'AssertionError') return assert().AssertionError;
  return Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
}

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === 'function' && (value.prototype as unknown) instanceof Error;
}

/** As the engine does it: `stack`, `cause` and `errors` are not enumerable. */
function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: false, configurable: true, writable: true });
}

function assign(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: true, configurable: true, writable: true });
}
