import { defineOwn } from '../../../node/own-properties.ts';

/** Calls `fn` while `target[key]` is `value`. Where the property cannot be replaced, `fn` is called all the same. */
export function whilePatched<T extends object, R>(target: T, key: keyof T, value: unknown, fn: () => R): R {
  const own = Object.getOwnPropertyDescriptor(target, key);
  const isPatched = Reflect.defineProperty(target, key, { __proto__: null, value, configurable: true, writable: true } as PropertyDescriptor);
  try {
    return fn();
  } finally {
    if (isPatched) {
      if (own === undefined) Reflect.deleteProperty(target, key);
      else defineOwn(target, key, own);
    }
  }
}
