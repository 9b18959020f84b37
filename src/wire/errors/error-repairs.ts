import { types } from 'node:util';

import { Object, Reflect, Set, WeakMap, Error } from '../../node/intrinsics.ts';
import { userStack } from '../../node/stack-frames.ts';
import { defineOwn } from '../../node/own-properties.ts';
import { MAX_PROTOTYPES, nameOf, quietly } from './is-error.ts';

/**
 * The parts of an error that structured clone loses: its class and its own properties. In the value a stand-in carries its message and
 * stack. Also used for a thrown object that is not an error, whose class is known on the other side.
 */
export interface ErrorRepair {
  /** The stand-in in the value. */
  readonly it: Error | Record<string, unknown>;
  /** Constructor names from its own class up to Error: the receiver uses the first one that it knows. */
  readonly classes: readonly string[];
  /** The name under which the task's module exports the class; null where the sender does not know the exports. */
  exportedAs?: string | null | undefined;
  readonly name: string;
  readonly props: Readonly<Record<string, unknown>>;
  /** The names of the properties that are not enumerable. */
  readonly hidden: readonly string[];
}

export type ErrorClass = abstract new (...args: any[]) => Error;

type Exports = Readonly<Record<string, unknown>>;

/** Where the receiver finds the classes of errors. */
export interface ErrorClasses {
  readonly registered: readonly ErrorClass[];
  /** The exports of the task's module, where the receiver may load it. */
  readonly exports: Exports;
}

/** For a receiver that knows only the built-in classes. */
export const noClasses: ErrorClasses = { registered: [], exports: {} };

/** The repair of an error without its properties. */
export function outlineOf(error: Error, exports: Exports | undefined): Omit<ErrorRepair, 'props' | 'hidden' | 'it'> & { readonly it: Error } {
  const it = new Error(textOf(error, 'message'));
  // Deleted first: to redefine the stack would format it, by an Error.prepareStackTrace of the user's, which may throw.
  Reflect.deleteProperty(it, 'stack');
  defineOwn(it, 'stack', { value: userStack(textOf(error, 'stack')), configurable: true, writable: true });
  const ofClass = classOf(error, exports);
  if (exports === undefined) originals.set(it, error);
  return { it, ...ofClass, name: textOf(error, 'name') };
}

/** The errors behind stand-ins whose classes have not been looked up among the exports. */
const originals = new WeakMap<object, object>();

/** Sets `exportedAs` once the exports are known. */
export function nameExports(errors: readonly ErrorRepair[], exports: Exports): void {
  for (const error of errors) {
    const original = originals.get(error.it);
    if (original !== undefined) error.exportedAs = classOf(original, exports).exportedAs;
  }
}

/** The names by which the receiver can find the object's class. */
export function classOf(object: object, exports: Exports | undefined): Pick<ErrorRepair, 'classes' | 'exportedAs'> {
  const chain = quietly(() => classChain(object)) ?? [];
  const classes = chain.map(nameOf);
  if (exports === undefined) return { classes, exportedAs: null };
  return { classes, exportedAs: chain[0] && Object.keys(exports).find((key) => quietly(() => exports[key]) === chain[0]) };
}

function classChain(object: object): object[] {
  const chain: object[] = [];
  let at: unknown = Object.getPrototypeOf(object);
  for (let depth = 0; depth < MAX_PROTOTYPES && typeof at === 'object' && at !== null && at !== Object.prototype; depth++) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof constructor === 'function') chain.push(constructor);
    at = Object.getPrototypeOf(at);
  }
  return chain;
}

/** Own properties that the stand-in carries. */
const carried = new Set(['message', 'stack']);

/** The own properties to send. A getter that throws gives undefined. */
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

/** A DOMException cannot be made of another error: the receiver makes a new one and puts it in the place of the stand-in. */
export function isDOMException(repair: ErrorRepair): repair is ErrorRepair & { readonly it: Error } {
  return repair.classes[0] === 'DOMException' && types.isNativeError(repair.it);
}
