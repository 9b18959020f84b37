import { ownCopy } from './own-properties.ts';

/** The keys of an `Object.prototype` that nobody has extended. */
const standard = new Set([
  ...['constructor', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'toLocaleString', 'toString', 'valueOf'],
  ...['__defineGetter__', '__defineSetter__', '__lookupGetter__', '__lookupSetter__', '__proto__'],
]);

/**
 * Starts a worker while `Object.prototype` has its standard keys only. tinypool passes object literals to Node, and Node reads inherited
 * keys of them, too: `eval`, `stdin`, `transferList` and other options of a thread, and each enumerable key as a variable of a process's
 * environment, NODE_OPTIONS included. No other code runs meanwhile: a start is synchronous.
 */
export function withPlainPrototype<R>(start: () => R): R {
  const foreign = takeForeign();
  try {
    return start();
  } finally {
    for (const [key, property] of foreign) Reflect.defineProperty(Object.prototype, key, property);
  }
}

function takeForeign(): [key: string, property: PropertyDescriptor][] {
  const foreign: [string, PropertyDescriptor][] = [];
  for (const key of Object.getOwnPropertyNames(Object.prototype)) {
    const property = standard.has(key) ? undefined : Object.getOwnPropertyDescriptor(Object.prototype, key);
    // Reflect.deleteProperty() returns false where the prototype is frozen, which then stays as it is.
    if (property !== undefined && Reflect.deleteProperty(Object.prototype, key)) foreign.push([key, ownCopy(property)]);
  }
  return foreign;
}
