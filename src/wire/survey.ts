import { types } from 'node:util';

import { instanceName, typeName } from '../describe.ts';
import { NotCloneableError } from '../errors.ts';
import { children, isBuffer, pathTo, show, type Path, type Place } from './places.ts';

/**
 * How many objects `survey` looks at. Small messages are checked to the last one; in a large document a class instance
 * stands, nearly always, among its first thousand objects, and a full walk would cost as much as the clone itself.
 */
const SURVEY_BUDGET = 1000;

/**
 * Looks at a value that is about to be cloned: refuses what structured clone would silently mangle (a class instance
 * arrives as a bare object, a symbol key not at all), and notes where Buffers are, which arrive as Uint8Array and are
 * turned back. What structured clone itself refuses is left to it: see `explainUncloneable`.
 * @param transfer what is handed over, which keeps its class
 * @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE)
 */
export function survey(value: unknown, root: string, transfer: readonly unknown[] = []): Path[] | undefined {
  if (typeof value !== 'object' || value === null || isFlat(value, transfer)) return undefined;
  let buffers: Path[] | undefined;
  const seen = new Set<unknown>([value, ...transfer]);
  const limit = seen.size + SURVEY_BUDGET;
  const waiting: Place[] = [{ value, parent: undefined, step: '' }];
  // Breadth first, so that the budget is spent on the outer values of every argument.
  for (const place of waiting) {
    const object = place.value as object;
    if (isBuffer(object)) (buffers ??= []).push(pathTo(place));
    else refuseMangled(object, root, place);
    for (const child of children(place)) {
      if (seen.size === limit) break;
      // A Buffer that stands in two places has to be turned back in both.
      if (typeof child.value !== 'object' || child.value === null || (seen.has(child.value) && !isBuffer(child.value))) continue;
      seen.add(child.value);
      waiting.push(child);
    }
  }
  return buffers;
}

/** A short list without objects, but for what is handed over, needs no survey: most arguments are such a list. */
function isFlat(value: object, transfer: readonly unknown[]): boolean {
  return Array.isArray(value) && value.length <= 8 && value.every((item) => typeof item !== 'object' || item === null || transfer.includes(item));
}

/** Classes that structured clone keeps. */
const keptClasses = new Set(
  `Object Array Map Set Date RegExp Boolean Number String BigInt ArrayBuffer SharedArrayBuffer DataView Buffer
   Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array Float64Array
   BigInt64Array BigUint64Array MessagePort`.split(/\s+/),
);
const keptErrors = new Set('Error EvalError RangeError ReferenceError SyntaxError TypeError URIError'.split(' '));

function refuseMangled(object: object, root: string, place: Place): void {
  // Structured clone refuses a proxy by itself, and looking at a revoked one throws.
  if (types.isProxy(object)) return;
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) refuseSymbols(object, root, place);
  else if (isMangled(object, prototype as object)) throw mangledError(object, show(root, place));
}

function refuseSymbols(object: object, root: string, at: Place): void {
  const symbol = Object.getOwnPropertySymbols(object).find((key) => Object.prototype.propertyIsEnumerable.call(object, key));
  if (symbol === undefined) return;
  const place = `${show(root, at)}.${String(symbol)}`;
  throw new NotCloneableError(`\`${place}\` has a symbol for its key, which would vanish on the way. Use a string.`, place);
}

function isMangled(object: object, prototype: object): boolean {
  const name = typeName(object);
  if (types.isNativeError(object)) return !keptErrors.has(name) || Object.keys(object).length > 0;
  // Another realm's Object.prototype is as good as this one's.
  if (name === 'object') return Object.getPrototypeOf(prototype) !== null;
  return !keptClasses.has(name) && !isPlatformObject(object);
}

/** Node's own cloneable classes (Blob, BlockList, X509Certificate …) have a symbol for it on their prototype. */
function isPlatformObject(object: object): boolean {
  if (types.isKeyObject(object) || types.isCryptoKey(object)) return true;
  if (Object.prototype.toString.call(object) === '[object WebAssembly.Module]') return true;
  for (let at: unknown = object; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    if (Object.getOwnPropertySymbols(at).some((symbol) => symbol.description === 'messaging_clone_symbol')) return true;
  }
  return false;
}

function mangledError(object: object, place: string): NotCloneableError {
  return new NotCloneableError(
    `\`${place}\` is ${instanceName(object)}, which would arrive without its class. Pass plain data, and build the instance on the other side.`,
    place,
  );
}
