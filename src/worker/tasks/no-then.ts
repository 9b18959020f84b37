import { Object, process, Reflect } from '../../node/intrinsics.ts';

const plainObject: { readonly then?: unknown } = {};

/**
 * Removes a `then` that a task has put on `Object.prototype`. With it every object is a thenable, and code that awaits one, tinypool's
 * included, may wait for ever. Where the `then` cannot be removed the worker exits, which its pool notices.
 */
export function takeThenOff(): void {
  if (plainObject.then === undefined) return;
  if (!Reflect.deleteProperty(Object.prototype, 'then')) process.exit(1);
}
