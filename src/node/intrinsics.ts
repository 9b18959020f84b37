/*
 * Globals, bound when a worker starts, for the code that runs in the worker for each task: a task may replace or delete the globals
 * themselves. For clocks and timers see clock.ts.
 */

export const { Object, Array, Map, Set, WeakMap, Promise, Reflect, String, Number, Math, JSON } = globalThis;
export const { Error, DOMException, URL } = globalThis;
export const { Atomics, ArrayBuffer, SharedArrayBuffer, Uint8Array, Int32Array, Float64Array, Buffer, structuredClone, process } = globalThis;
