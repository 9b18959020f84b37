import { types } from 'node:util';

import { Object } from '../../node/intrinsics.ts';
import { defineOwn } from '../../node/own-properties.ts';
import { findClass, findOwnClass } from './error-classes.ts';
import type { ErrorClasses, ErrorRepair } from './error-repairs.ts';
import { isError } from './is-error.ts';

/**
 * Gives an error its class and its own properties. No constructor of the user's is called: it may expect other arguments, or have
 * effects.
 * @param error the error in the value: the stand-in, or the DOMException that has taken its place
 */
export function rebuildError(repair: ErrorRepair, error: object, classes: ErrorClasses): void {
  const { it, name, props, hidden } = repair;
  const { stack } = it as { stack?: unknown };
  // A DOMException has its class already.
  if (error === it) setClass(error, repair, classes);
  for (const key of Object.keys(props)) define(error, key, props[key], !hidden.includes(key));
  if (!isError(error)) return;
  // A class that is not known here may have set its name on its prototype.
  if (error.name !== name) define(error, 'name', name, false);
  define(error, 'stack', typeof stack === 'string' && stack !== '' ? stack : `${name}: ${error.message}`, false);
}

function setClass(object: object, repair: ErrorRepair, classes: ErrorClasses): void {
  if (types.isNativeError(object)) Object.setPrototypeOf(object, findClass(repair, classes).prototype as object);
  else setOwnClass(object, repair, classes);
}

/** A thrown object that is not an error stays plain data where its class is not known here. */
function setOwnClass(object: object, repair: ErrorRepair, classes: ErrorClasses): void {
  const known = findOwnClass(repair, classes);
  const prototype: unknown = typeof known === 'function' ? known.prototype : undefined;
  if (typeof prototype === 'object' && prototype !== null) Object.setPrototypeOf(object, prototype);
}

function define(error: object, key: string, value: unknown, enumerable: boolean): void {
  defineOwn(error, key, { value, enumerable, configurable: true, writable: true });
}
