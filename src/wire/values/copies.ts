import { types } from 'node:util';

import { Object, Array, Map, Set, Math, Uint8Array } from '../../node/intrinsics.ts';
import { defineOwn } from '../../node/own-properties.ts';
import { isBuffer, typedArrayNames } from './structured-clone.ts';
import { readQuietly, unreadable, type ValuePath } from './value-parts.ts';

/** The findings of a walk through a value. */
export interface WalkResult {
  /** The path by which each object was met first. */
  readonly paths: readonly ValuePath[];
  readonly pathOf: ReadonlyMap<unknown, ValuePath>;
  /** Further paths to objects that had been met before. */
  readonly repeated: readonly ValuePath[];
  /** The object that is sent in place of another one. */
  readonly replaced: ReadonlyMap<unknown, object>;
}

/** How many values of a message are visited. */
export const VALUES = 100_000;

/** Longer arrays are copied without properties besides their items. */
const LONG = 10_000;

/**
 * Copies of the objects that lead to a replaced part. Only these objects are copied, and the caller's own objects stay as they are.
 */
export class Copies {
  readonly #walk: WalkResult;
  readonly #copies = new Map<unknown, object>();
  /** Where Buffers and DOMExceptions are: holder, key, holder, key … */
  readonly revivals: unknown[] = [];
  readonly #isRevived: (part: unknown) => boolean;

  /** @param isRevived whether the receiver replaces the part by another object */
  constructor(walk: WalkResult, isRevived: (part: unknown) => boolean) {
    this.#walk = walk;
    this.#isRevived = isRevived;
    if (walk.replaced.size > 0) this.#copyHoldersOf([...walk.replaced.keys()]);
    for (const path of walk.paths) this.#noteRevival(path);
    for (const path of walk.repeated) this.#noteRevival(path);
  }

  /** The part itself, or the object that is sent in its place. */
  of(part: unknown): unknown {
    return this.#walk.replaced.get(part) ?? this.#copies.get(part) ?? part;
  }

  #noteRevival({ value, parent, step, key, isMapKey }: ValuePath): void {
    if (parent === undefined || isMapKey === true || this.#copies.has(parent.value) || !this.#isRevived(value)) return;
    this.revivals.push(parent.value, types.isMap(parent.value) ? key : step);
  }

  #copyHoldersOf(parts: unknown[]): void {
    const { pathOf, repeated } = this.#walk;
    const otherHolders = new Map<unknown, unknown[]>();
    for (const { value, parent } of repeated) {
      const holders = otherHolders.get(value) ?? [];
      if (holders.push(parent!.value) === 1) otherHolders.set(value, holders);
    }
    for (const part of parts) {
      for (const holder of [pathOf.get(part)?.parent?.value, ...(otherHolders.get(part) ?? [])]) {
        if (holder === undefined || this.#copies.has(holder)) continue;
        this.#copies.set(holder, emptyCopy(holder));
        parts.push(holder);
      }
    }
    // All copies exist now, so that they can refer to each other.
    for (const [original, copy] of this.#copies) this.#fill(original as object, copy);
  }

  #fill(original: object, copy: object): void {
    if (types.isMap(original)) this.#fillMap(original, copy as Map<unknown, unknown>);
    else if (types.isSet(original)) this.#fillSet(original, copy as Set<unknown>);
    else if (Array.isArray(original) && original.length > LONG) this.#fillLong(copy as unknown[]);
    else for (const key of Object.keys(original)) this.#fillProperty(original, copy, key);
  }

  #fillProperty(original: object, copy: object, key: string): void {
    const part = readQuietly(original, key);
    if (part === unreadable) {
      // Cloning must meet the same error.
      defineOwn(copy, key, { enumerable: true, get: () => (original as Record<string, unknown>)[key] });
      return;
    }
    const value = this.of(part);
    if (key === '__proto__') defineOwn(copy, key, { value, enumerable: true, configurable: true, writable: true });
    else (copy as Record<string, unknown>)[key] = value;
    this.#noteCopied(copy, key, part);
  }

  #fillLong(copy: unknown[]): void {
    const end = Math.min(copy.length, VALUES);
    for (let i = 0; i < end; i++) {
      const part = copy[i];
      if (typeof part !== 'object' || part === null) continue;
      const value = this.of(part);
      if (value !== part) copy[i] = value;
      this.#noteCopied(copy, i, part);
    }
  }

  #fillMap(original: ReadonlyMap<unknown, unknown>, copy: Map<unknown, unknown>): void {
    for (const [key, part] of original) {
      copy.set(this.of(key), this.of(part));
      this.#noteCopied(copy, this.of(key), part);
    }
  }

  #fillSet(original: ReadonlySet<unknown>, copy: Set<unknown>): void {
    let step = 0;
    for (const part of original) {
      copy.add(this.of(part));
      this.#noteCopied(copy, step++, part);
    }
  }

  #noteCopied(copy: object, key: unknown, part: unknown): void {
    if (this.#isRevived(part)) this.revivals.push(copy, key);
  }
}

function emptyCopy(original: unknown): object {
  if (types.isMap(original)) return new Map();
  if (types.isSet(original)) return new Set();
  if (!Array.isArray(original)) return {};
  // `concat` keeps holes, and is fast for a long array with few items.
  return original.length > LONG ? ([] as unknown[]).concat(original) : new Array<unknown>(original.length);
}

/** Copies only the memory that the view shows: the rest of its buffer may belong to others. */
export function copyOfView(view: ArrayBufferView): ArrayBufferView | undefined {
  try {
    if (isBuffer(view)) return new Uint8Array(view);
    if (types.isDataView(view)) return new DataView(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
    return new (typedArrays.get(tagOf.call(view))!)(view as Uint8Array);
  } catch {
    // The view is out of its buffer's bounds: cloning will meet the same error.
    return undefined;
  }
}

const typedArrays = new Map<unknown, typeof Uint8Array>(
  typedArrayNames.map((name) => [name, (globalThis as unknown as Record<string, typeof Uint8Array>)[name]!]),
);
const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!;
