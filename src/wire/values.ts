import { types } from 'node:util';

import { describe, typeName } from '../describe.ts';
import { NotCloneableError } from '../errors.ts';

type Key = string | number;

/** The keys that lead from the outermost value to a Buffer. */
export type BufferPath = readonly Key[];

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
export function survey(value: unknown, root: string, transfer: readonly unknown[] = []): BufferPath[] | undefined {
  if (typeof value !== 'object' || value === null || isFlat(value)) return undefined;
  const buffers: BufferPath[] = [];
  const seen = new Set<unknown>([value, ...transfer]);
  const limit = seen.size + SURVEY_BUDGET;
  const waiting: Surveyed[] = [{ object: value, path: [], isReachable: true }];
  // Breadth first, so that the budget is spent on the outer values of every argument.
  for (const { object, path, isReachable } of waiting) {
    if (Buffer.isBuffer(object) && isReachable) buffers.push(path);
    refuseMangled(object, root, path);
    // What lies in a Map or a Set has no path of keys by which to find it again.
    const areReachable = isReachable && !types.isMap(object) && !types.isSet(object);
    for (const [key, child] of children(object)) {
      if (seen.size === limit) break;
      if (typeof child !== 'object' || child === null || seen.has(child)) continue;
      seen.add(child);
      waiting.push({ object: child, path: [...path, key], isReachable: areReachable });
    }
  }
  return buffers.length === 0 ? undefined : buffers;
}

interface Surveyed {
  readonly object: object;
  readonly path: BufferPath;
  readonly isReachable: boolean;
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

function refuseMangled(object: object, root: string, path: BufferPath): void {
  // Structured clone refuses a proxy by itself, and looking at a revoked one throws.
  if (types.isProxy(object)) return;
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) refuseSymbols(object, root, path);
  else if (isMangled(object, prototype as object)) throw mangledError(object, root, path);
}

function refuseSymbols(object: object, root: string, path: BufferPath): void {
  const symbol = Object.getOwnPropertySymbols(object).find((key) => Object.prototype.propertyIsEnumerable.call(object, key));
  if (symbol === undefined) return;
  const place = showPath(root, [...path, String(symbol)]);
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

function mangledError(object: object, root: string, path: BufferPath): NotCloneableError {
  const place = showPath(root, path);
  const name = typeName(object);
  const what = name === 'object' ? 'an object with a prototype of its own' : `an instance of ${name}`;
  return new NotCloneableError(
    `\`${place}\` is ${what}, which would arrive without its class. Pass plain data, and build the instance on the other side.`,
    place,
  );
}

/** Turns the Uint8Arrays at these places back into Buffers, over the same memory. */
export function reviveBuffers(value: unknown, buffers: readonly BufferPath[] | undefined): unknown {
  if (buffers === undefined) return value;
  const outer: Record<Key, unknown> = { value };
  for (const path of buffers) reviveAt(outer, ['value', ...path]);
  return outer.value;
}

function reviveAt(outer: Record<Key, unknown>, path: BufferPath): void {
  let holder = outer;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<Key, unknown>;
  const last = path[path.length - 1]!;
  const bytes = holder[last];
  if (bytes instanceof Uint8Array) holder[last] = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * After structured clone has refused a value: the error that names the place inside it.
 * Clones piece by piece, which only a value that failed has to pay for.
 */
export function explainUncloneable(value: unknown, root: string, cause: unknown, clone: Clone = structuredClone): NotCloneableError {
  const [culprit, path] = findUncloneable(value, [], new Set(), clone);
  const place = showPath(root, path);
  return new NotCloneableError(
    `\`${place}\` is ${describe(culprit)}, which cannot cross to another thread. Leave it out, or pass data that it can be rebuilt from.`,
    place,
    { cause },
  );
}

/** After a message could not be posted: the argument at fault, or the list of what to hand over. */
export function explainUnsent(args: readonly unknown[], transfer: readonly unknown[] | undefined, cause: unknown): NotCloneableError {
  if (transfer === undefined || !isCloneable(args)) return explainUncloneable(args, 'args', cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NotCloneableError(
    `The \`transfer\` list cannot be handed over: ${reason}. List each ArrayBuffer or MessagePort once, and none that was handed over before.`,
    'transfer',
    { cause },
  );
}

/** How the value would have crossed: `structuredClone` to a thread, `v8.serialize` to a process. */
type Clone = (value: unknown) => unknown;

function findUncloneable(value: unknown, path: BufferPath, seen: Set<unknown>, clone: Clone): [unknown, BufferPath] {
  seen.add(value);
  for (const [key, child] of children(value)) {
    if (!seen.has(child) && !isCloneable(child, clone)) return findUncloneable(child, [...path, key], seen, clone);
  }
  return [value, path];
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
function* children(value: unknown): Generator<readonly [Key, unknown]> {
  if (typeof value !== 'object' || value === null || types.isProxy(value) || ArrayBuffer.isView(value)) return;
  if (Array.isArray(value)) yield* value.entries();
  else if (types.isMap(value)) yield* mapChildren(value);
  else if (types.isSet(value)) yield* [...value].entries();
  else for (const key of Object.keys(value)) yield [key, readQuietly(value, key)];
}

function* mapChildren(map: ReadonlyMap<unknown, unknown>): Generator<readonly [Key, unknown]> {
  for (const [key, item] of map) {
    yield ['keys()', key];
    yield [`get(${describe(key)})`, item];
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

function showPath(root: string, path: BufferPath): string {
  return path.reduce<string>((shown, key) => shown + (/^\d+$/.test(String(key)) ? `[${String(key)}]` : `.${String(key)}`), root);
}
