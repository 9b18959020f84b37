/*
 * The globals of everything that runs in a worker for each task, as they were when the worker started: a task may replace or delete
 * them. For clocks and timers see clock.ts.
 */

export const { Object, Array, Map, Set, WeakMap, Promise, Reflect, String, Number, Math, JSON } = globalThis;
export const { Error, DOMException, URL } = globalThis;
export const { Atomics, ArrayBuffer, SharedArrayBuffer, Uint8Array, Int32Array, Float64Array, Buffer, structuredClone, process } = globalThis;
