import { types } from 'node:util';

import { Object, Array, Map, Set, Math, Uint8Array } from '../../node/intrinsics.ts';
import { defineOwn } from '../../node/own-properties.ts';
import { isBuffer, type ValuePath } from './value-path.ts';
import { readQuietly, unreadable } from './parts.ts';

/** What a survey has seen of a value. */
export interface WalkResult {
  /** Each object once, where it was met first. */
  readonly places: readonly ValuePath[];
  readonly placeOf: ReadonlyMap<unknown, ValuePath>;
  /** Further places of objects that had been met before. */
  readonly again: readonly ValuePath[];
  /** What goes in the place of an object. */
  readonly replaced: ReadonlyMap<unknown, object>;
}

/** How many values a survey looks at. */
export const VALUES = 100_000;

/** Longer arrays are copied without the properties that they may have beside their items. */
const LONG = 10_000;

/**
 * The value as it is sent where parts of it are replaced: only what leads to such a part is copied, and the caller's own
 * objects stay as they are.
 */
export class Copies {
  readonly #surveyed: WalkResult;
  readonly #copies = new Map<unknown, object>();
  /** Holder, key, holder, key …: where Buffers and DOMExceptions stand. */
  readonly revivals: unknown[] = [];
  readonly #isRevived: (part: unknown) => boolean;

  /** @param isRevived whether a part is replaced by something else once more when it has arrived */
  constructor(surveyed: WalkResult, isRevived: (part: unknown) => boolean) {
    this.#surveyed = surveyed;
    this.#isRevived = isRevived;
    if (surveyed.replaced.size > 0) this.#copyWhatLeadsTo([...surveyed.replaced.keys()]);
    for (const place of surveyed.places) this.#noteRevival(place);
    for (const place of surveyed.again) this.#noteRevival(place);
  }

  /** What is sent in the place of this. */
  of(part: unknown): unknown {
    return this.#surveyed.replaced.get(part) ?? this.#copies.get(part) ?? part;
  }

  #noteRevival({ value, parent, step, key, isMapKey }: ValuePath): void {
    if (parent === undefined || isMapKey === true || this.#copies.has(parent.value) || !this.#isRevived(value)) return;
    this.revivals.push(parent.value, types.isMap(parent.value) ? key : step);
  }

  #copyWhatLeadsTo(parts: unknown[]): void {
    const { placeOf, again } = this.#surveyed;
    const otherHolders = new Map<unknown, unknown[]>();
    for (const { value, parent } of again) {
      const holders = otherHolders.get(value) ?? [];
      if (holders.push(parent!.value) === 1) otherHolders.set(value, holders);
    }
    for (const part of parts) {
      for (const holder of [placeOf.get(part)?.parent?.value, ...(otherHolders.get(part) ?? [])]) {
        if (holder === undefined || this.#copies.has(holder)) continue;
        this.#copies.set(holder, emptyCopy(holder));
        parts.push(holder);
      }
    }
    // All of them are there now, so that each can refer to each.
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
      // Cloning is to meet the same error.
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
  // `concat` keeps holes, and is quick with an array of few items and a great length.
  return original.length > LONG ? ([] as unknown[]).concat(original) : new Array<unknown>(original.length);
}

/** Its own memory, and no more than it shows: what lies beside it in the same buffer is nobody's business. */
export function copyOfView(view: ArrayBufferView): ArrayBufferView | undefined {
  try {
    if (isBuffer(view)) return new Uint8Array(view);
    if (types.isDataView(view)) return new DataView(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
    return new (typedArrays.get(tagOf.call(view))!)(view as Uint8Array);
  } catch {
    // It is out of its buffer's bounds, which cloning will meet again.
    return undefined;
  }
}

const typedArrays = new Map<unknown, typeof Uint8Array>(
  'Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array Float64Array BigInt64Array BigUint64Array'
    .split(' ')
    .map((name) => [name, (globalThis as unknown as Record<string, typeof Uint8Array>)[name]!]),
);
const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!;
