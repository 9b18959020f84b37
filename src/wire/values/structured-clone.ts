import { types } from 'node:util';

import { Object, Array, Set, ArrayBuffer, Buffer, structuredClone } from '../../node/intrinsics.ts';
import { typeName } from '../../validation/describe.ts';

/*
 * Everything that offloop knows about structured clone. Structured clone keeps plain data and the classes of `keptClasses`; makes plain
 * objects of other class instances; clones or transfers Node's own classes; drops symbol keys; and refuses functions, symbols, proxies and
 * promises.
 */

/**
 * How a value travels. `message` is structured clone (threads, inline). `bytes` is a serializer (processes), which does not know Node's
 * own classes and has no memory to share.
 */
export type Channel = 'message' | 'bytes';

/** The prototypes of another realm (`node:vm`, Jest) count as this realm's: structured clone treats both alike. */
export function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) return true;
  // Among prototypes only that of Array itself is an array.
  if (Array.isArray(object)) return Array.isArray(prototype);
  return !isBuiltIn(object) && typeName(object) === 'object' && Object.getPrototypeOf(prototype) === null;
}

/** Whether the engine knows the object by its internal slots, whatever its prototype is. */
export function isBuiltIn(object: object): boolean {
  return (
    ArrayBuffer.isView(object) || types.isMap(object) || types.isSet(object) || types.isDate(object) ||
    types.isAnyArrayBuffer(object) || types.isRegExp(object) || types.isBoxedPrimitive(object)
  );
}

export const typedArrayNames =
  'Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array Float64Array BigInt64Array BigUint64Array'.split(' ');

/** Built-in classes that structured clone keeps. Instances of their subclasses lose their class. */
const keptClasses = new Set([
  ...['Map', 'Set', 'Date', 'RegExp', 'Boolean', 'Number', 'String', 'BigInt', 'ArrayBuffer', 'SharedArrayBuffer', 'DataView', 'Buffer'],
  ...typedArrayNames,
]);

/** Whether a built-in object arrives with its class. */
export function keepsClass(object: object): boolean {
  return keptClasses.has(typeName(object));
}

/** A Buffer arrives as a Uint8Array, and is made a Buffer again. Asks nothing of a proxy, which may refuse to answer. */
export function isBuffer(value: unknown): value is Buffer {
  return types.isUint8Array(value) && Buffer.isBuffer(value);
}

/** Whether the object is shared memory, or a view of it: both sides then see the same memory, which another process cannot. */
export function isShared(object: object): boolean {
  return types.isSharedArrayBuffer(ArrayBuffer.isView(object) ? object.buffer : object);
}

/** Whether structured clone copies parts of the object. A view is copied as memory, and a proxy is refused. */
export function hasParts(object: object): boolean {
  return typeof object === 'object' && !types.isProxy(object) && !ArrayBuffer.isView(object);
}

/** Whether no channel can copy the value, whatever its parts are. */
export function isNeverCloneable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'function' || typeof value === 'symbol';
  return types.isProxy(value) || types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value) || types.isGeneratorObject(value);
}

/** The part of a transfer list that keeps its class by being transferred. Only memory can be transferred to a process. */
export function transferredBy(channel: Channel, transfer: readonly unknown[]): readonly unknown[] {
  return channel === 'message' || transfer.length === 0 ? transfer : transfer.filter(types.isArrayBuffer);
}

/** Whether Node's own messages know the class. Such a class has a symbol on its prototype that says how it is cloned or transferred. */
export function isPlatformObject(object: object): boolean {
  if (types.isKeyObject(object) || types.isCryptoKey(object) || isWasmModule(object)) return true;
  for (let at: unknown = object; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    if (Object.getOwnPropertySymbols(at).some(({ description }) => description === 'messaging_clone_symbol')) return true;
  }
  return isTransferOnly(object);
}

const transferOnly = new Set(['MessagePort', 'ReadableStream', 'WritableStream', 'TransformStream']);

/** Whether a message can transfer the platform object, and not copy it. */
export function isTransferOnly(object: object): boolean {
  return transferOnly.has(typeName(object));
}

function isWasmModule(object: object): boolean {
  return Object.prototype.toString.call(object) === '[object WebAssembly.Module]';
}

/** Before Node 24 a File arrives as a Blob, without its name. */
export function losesFileName(object: object): boolean {
  return isFile(object) && !keepsFiles();
}

function isFile(object: object): boolean {
  return Object.prototype.toString.call(object) === '[object File]';
}

let filesAreKept: boolean | undefined;

function keepsFiles(): boolean {
  return (filesAreKept ??= isFile(structuredClone(new File([], 'name'))));
}

const serializablePrototypes = new Set<unknown>([
  ...[null, Object, Array, Map, Set, Date, RegExp, ArrayBuffer, DataView].map((known) => known?.prototype ?? null),
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(({ prototype }) => prototype),
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array].map(({ prototype }) => prototype),
]);

/**
 * Whether V8 alone can serialize the object itself. Node's own classes (Blob, KeyObject …) can only go in a message: a serializer
 * makes plain objects of them, and since Node 22 without an error.
 */
export function isSerializable(object: object): boolean {
  return !types.isProxy(object) && serializablePrototypes.has(Object.getPrototypeOf(object));
}
