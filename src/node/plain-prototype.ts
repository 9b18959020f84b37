import { ownCopy } from './own-properties.ts';

/** Keys that every object inherits in a process that nobody has tampered with. */
const standard = new Set([
  ...['constructor', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'toLocaleString', 'toString', 'valueOf'],
  ...['__defineGetter__', '__defineSetter__', '__lookupGetter__', '__lookupSetter__', '__proto__'],
]);

/**
 * Starts a worker while `Object.prototype` has nothing but what belongs there. tinypool hands Node object literals, and Node reads
 * from them what is inherited, too: `eval`, `stdin`, `transferList` and others of a thread's options, and each enumerable key as a
 * variable of a process's environment, NODE_OPTIONS included. Nothing else runs meanwhile: a start is synchronous.
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
    // False where the prototype is frozen: then it stays as it is.
    if (property !== undefined && Reflect.deleteProperty(Object.prototype, key)) foreign.push([key, ownCopy(property)]);
  }
  return foreign;
}
