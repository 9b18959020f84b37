import { Object, process, Reflect } from '../../node/intrinsics.ts';
import { defineOwn } from '../../node/own-properties.ts';

const nobody: { readonly then?: unknown } = {};

/**
 * A `then` that a task has put on `Object.prototype` makes every object a promise: whatever awaits one, tinypool too, may wait for ever. So
 * it is taken off when the task is over. Where that cannot be done the worker ends, which its pool notices.
 */
export function takeThenOff(): void {
  if (nobody.then === undefined) return;
  if (!Reflect.deleteProperty(Object.prototype, 'then')) process.exit(1);
}

/** tinypool awaits its handler: that is no promise, whatever it may inherit. */
export function noPromise<T extends object>(handler: T): T {
  return defineOwn(handler, 'then', { value: undefined });
}
