import { types } from 'node:util';

import { Object, Array, Set, String, ArrayBuffer, structuredClone } from '../../node/intrinsics.ts';
import { instanceName, typeName } from '../../validation/describe.ts';
import { NotCloneableError } from '../../errors.ts';
import { show, type ValuePath } from './value-path.ts';

/**
 * How a value goes to the other side: `message` is structured clone (threads, inline), `bytes` a serializer (processes),
 * which knows nothing of Node's own classes and has no memory to share.
 */
export type Channel = 'message' | 'bytes';

/**
 * Refuses what structured clone would silently mangle: a class instance arrives as a bare object, a symbol key not at all.
 * What structured clone itself refuses is left to it.
 * @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE)
 */
export function refuseMangled(object: object, root: string, place: ValuePath, channel: Channel): void {
  if (isPlain(object)) refuseSymbols(object, root, place);
  else if (hasBrand(object)) refuseBranded(object, root, place, channel);
  else if (!isPlatformObject(object)) throw mangledError(object, show(root, place));
  else refusePlatformObject(object, root, place, channel);
}

/** Another realm's Object.prototype and Array.prototype (`node:vm`, Jest) are as good as this one's. */
export function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) return true;
  // Of all prototypes only that of Array itself is an array.
  if (Array.isArray(object)) return Array.isArray(prototype);
  return !hasBrand(object) && typeName(object) === 'object' && Object.getPrototypeOf(prototype) === null;
}

function refuseSymbols(object: object, root: string, at: ValuePath): void {
  const symbol = Object.getOwnPropertySymbols(object).find((key) => Object.prototype.propertyIsEnumerable.call(object, key));
  if (symbol === undefined) return;
  const place = `${show(root, at)}.${String(symbol)}`;
  throw new NotCloneableError(`\`${place}\` has a symbol for its key, which would vanish on the way. Use a string.`, place);
}

/** The engine knows it by what it is made of, whatever its prototype says. */
export function hasBrand(object: object): boolean {
  return (
    ArrayBuffer.isView(object) || types.isMap(object) || types.isSet(object) || types.isDate(object) ||
    types.isAnyArrayBuffer(object) || types.isRegExp(object) || types.isBoxedPrimitive(object)
  );
}

/** Classes that structured clone keeps; their subclasses it does not. */
const keptClasses = new Set(
  `Map Set Date RegExp Boolean Number String BigInt ArrayBuffer SharedArrayBuffer DataView Buffer
   Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array Float64Array
   BigInt64Array BigUint64Array`.split(/\s+/),
);

function refuseBranded(object: object, root: string, place: ValuePath, channel: Channel): void {
  if (!keptClasses.has(typeName(object))) throw mangledError(object, show(root, place));
  if (channel === 'bytes' && isShared(object)) throw notToProcess(object, show(root, place), ArrayBuffer.isView(object) ? ' on shared memory' : '');
}

function isShared(object: object): boolean {
  return types.isSharedArrayBuffer(ArrayBuffer.isView(object) ? object.buffer : object);
}

/** Node's own classes have a symbol on their prototype for what a message can do with them: clone or hand over. */
function isPlatformObject(object: object): boolean {
  if (types.isKeyObject(object) || types.isCryptoKey(object) || isWasmModule(object)) return true;
  for (let at: unknown = object; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    if (Object.getOwnPropertySymbols(at).some(({ description }) => description === 'messaging_clone_symbol')) return true;
  }
  return handedOver.has(typeName(object));
}

/** A message can hand them over, and not copy them. */
const handedOver = new Set(['MessagePort', 'ReadableStream', 'WritableStream', 'TransformStream']);

function isWasmModule(object: object): boolean {
  return Object.prototype.toString.call(object) === '[object WebAssembly.Module]';
}

function refusePlatformObject(object: object, root: string, place: ValuePath, channel: Channel): void {
  if (channel === 'bytes') throw notToProcess(object, show(root, place));
  if (handedOver.has(typeName(object))) throw notHandedOver(object, show(root, place));
  if (isFile(object) && !keepsFiles()) throw mangledError(object, show(root, place));
}

function isFile(object: object): boolean {
  return Object.prototype.toString.call(object) === '[object File]';
}

let filesAreKept: boolean | undefined;

/** Before Node 24 a File arrives as a Blob, without its name. */
function keepsFiles(): boolean {
  return (filesAreKept ??= isFile(structuredClone(new File([], 'name'))));
}

function notToProcess(object: object, place: string, note = ''): NotCloneableError {
  return new NotCloneableError(
    `\`${place}\` is ${instanceName(object)}${note}, which cannot cross to another process. Pass the data that it is made of, or use the runtime 'threads'.`,
    place,
  );
}

function notHandedOver(object: object, place: string): NotCloneableError {
  return new NotCloneableError(
    `\`${place}\` is ${instanceName(object)}, which cannot be copied. Hand it over: list it in \`transfer\`, or return it with move(value, [it]).`,
    place,
  );
}

function mangledError(object: object, place: string): NotCloneableError {
  return new NotCloneableError(
    `\`${place}\` is ${instanceName(object)}, which would arrive without its class. Pass plain data, and build the instance on the other side.`,
    place,
  );
}
