import { types } from 'node:util';

import { describe, instanceName, typeName } from '../describe.ts';
import { NotCloneableError } from '../errors.ts';

/** Where something is: each step is a key, or the index of an entry in a Map or a Set. */
export type Path = readonly (string | number)[];

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
  if (typeof value !== 'object' || value === null || isFlat(value)) return undefined;
  let buffers: Path[] | undefined;
  const seen = new Set<unknown>([value, ...transfer]);
  const limit = seen.size + SURVEY_BUDGET;
  const waiting: Place[] = [{ value, parent: undefined, step: '' }];
  // Breadth first, so that the budget is spent on the outer values of every argument.
  for (const place of waiting) {
    const object = place.value as object;
    if (Buffer.isBuffer(object)) (buffers ??= []).push(pathTo(place));
    else refuseMangled(object, root, place);
    for (const child of children(place)) {
      if (seen.size === limit) break;
      // A Buffer that stands in two places has to be turned back in both.
      if (typeof child.value !== 'object' || child.value === null || (seen.has(child.value) && !Buffer.isBuffer(child.value))) continue;
      seen.add(child.value);
      waiting.push(child);
    }
  }
  return buffers;
}

/** A value and how it was reached. The path is put together only for the few places that somebody asks for. */
interface Place {
  readonly value: unknown;
  readonly parent: Place | undefined;
  readonly step: string | number;
  /** It is the key of a Map's entry, not what the key leads to. */
  readonly isMapKey?: true;
}

function pathTo(place: Place): Path {
  return place.parent === undefined ? [] : [...pathTo(place.parent), place.step];
}

function show(root: string, place: Place): string {
  return place.parent === undefined ? root : show(root, place.parent) + showStep(place, place.parent.value);
}

/** As a reader would write it: `.name`, `[0]`, `.get('a')`. */
function showStep({ step, isMapKey }: Place, holder: unknown): string {
  if (isMapKey === true) return `.keys()[${step}]`;
  if (types.isMap(holder)) return `.get(${describe([...holder.keys()][Number(step)])})`;
  return /^\d+$/.test(String(step)) ? `[${step}]` : `.${step}`;
}

/** A short list without objects, as most arguments are, needs no survey. */
function isFlat(value: object): boolean {
  return Array.isArray(value) && value.length <= 8 && value.every((item) => typeof item !== 'object' || item === null);
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

/** Turns the Uint8Arrays at these places back into Buffers, over the same memory. */
export function reviveBuffers(value: unknown, buffers: readonly Path[] | undefined): unknown {
  if (buffers === undefined) return value;
  const outer = { value };
  // One Buffer for each array, so that what was the same in two places is so again.
  const revived = new Map<unknown, Buffer>();
  for (const path of buffers) reviveAt(outer, ['value', ...path], revived);
  return outer.value;
}

function reviveAt(outer: object, path: Path, revived: Map<unknown, Buffer>): void {
  let holder: unknown = outer;
  for (const step of path.slice(0, -1)) holder = stepInto(holder, step);
  const last = path.at(-1)!;
  const bytes = stepInto(holder, last);
  if (!(bytes instanceof Uint8Array)) return;
  const buffer = revived.get(bytes) ?? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  revived.set(bytes, buffer).set(buffer, buffer);
  put(holder, last, buffer);
}

function stepInto(holder: unknown, step: string | number): unknown {
  if (holder instanceof Map) return [...holder.values()][Number(step)];
  if (holder instanceof Set) return [...holder][Number(step)];
  return (holder as Record<string | number, unknown>)[step];
}

function put(holder: unknown, step: string | number, buffer: Buffer): void {
  if (holder instanceof Map) holder.set([...holder.keys()][Number(step)], buffer);
  else if (holder instanceof Set) replaceAll(holder, [...holder].with(Number(step), buffer));
  else (holder as Record<string | number, unknown>)[step] = buffer;
}

function replaceAll(set: Set<unknown>, items: readonly unknown[]): void {
  set.clear();
  for (const item of items) set.add(item);
}

/**
 * After structured clone has refused a value: the error that names the place inside it.
 * Clones piece by piece, which only a value that failed has to pay for.
 */
export function explainUncloneable(value: unknown, root: string, cause: unknown, clone: Clone = structuredClone): NotCloneableError {
  const culprit = findUncloneable({ value, parent: undefined, step: '' }, new Set(), clone);
  const place = show(root, culprit);
  return new NotCloneableError(
    `\`${place}\` is ${describe(culprit.value)}, which cannot cross to another thread. Leave it out, or pass data that it can be rebuilt from.`,
    place,
    { cause },
  );
}

/** After a message could not be posted: the value at fault, or the list of what to hand over. */
export function explainUnsent(value: unknown, root: string, transfer: readonly unknown[] | undefined, cause: unknown): NotCloneableError {
  if (transfer === undefined || !isCloneable(value)) return explainUncloneable(value, root, cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NotCloneableError(
    `The list of what to hand over instead of copying it cannot be used: ${reason}. ` +
      'List each ArrayBuffer or MessagePort once, and none that was handed over before.',
    'transfer',
    { cause },
  );
}

/** How the value would have crossed: `structuredClone` to a thread, `v8.serialize` to a process. */
type Clone = (value: unknown) => unknown;

function findUncloneable(place: Place, seen: Set<unknown>, clone: Clone): Place {
  seen.add(place.value);
  for (const child of children(place)) {
    if (!seen.has(child.value) && !isCloneable(child.value, clone)) return findUncloneable(child, seen, clone);
  }
  return place;
}

export function isCloneable(value: unknown, clone: Clone = structuredClone): boolean {
  if (typeof value === 'function' || typeof value === 'symbol') return false;
  if (typeof value !== 'object' || value === null) return true;
  try {
    clone(value);
    return true;
  } catch {
    return false;
  }
}

/** What structured clone descends into. A generator, since an array may be long and the budget short. */
function* children(parent: Place): Generator<Place> {
  const { value } = parent;
  if (typeof value !== 'object' || value === null || types.isProxy(value) || ArrayBuffer.isView(value)) return;
  if (types.isMap(value)) yield* mapChildren(value, parent);
  else if (Array.isArray(value) || types.isSet(value)) yield* itemChildren(value, parent);
  else for (const key of Object.keys(value)) yield { value: readQuietly(value, key), parent, step: key };
}

function* itemChildren(items: Iterable<unknown>, parent: Place): Generator<Place> {
  let step = 0;
  for (const value of items) yield { value, parent, step: step++ };
}

function* mapChildren(map: ReadonlyMap<unknown, unknown>, parent: Place): Generator<Place> {
  let step = 0;
  for (const [key, value] of map) {
    // A key is cloned too, but nobody looks a Buffer up by its identity on the other side.
    if (!Buffer.isBuffer(key)) yield { value: key, parent, step, isMapKey: true };
    yield { value, parent, step: step++ };
  }
}

function readQuietly(object: object, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    // Structured clone will meet the same getter; a symbol stands for "cannot be cloned".
    return Symbol('a getter that throws');
  }
}
