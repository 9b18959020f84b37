import { types } from 'node:util';

import { Array, Map, Set, Math, ArrayBuffer } from '../../node/intrinsics.ts';
import type { WalkResult } from './copies.ts';
import { isErrorInside } from '../errors/error-repairs.ts';
import { refuseMangled, type Channel } from './structured-clone.ts';
import { eachItem, eachPart } from './parts.ts';
import type { ValuePath } from './value-path.ts';

/** What a walk needs to know of the message that its value is a part of. */
export interface WalkRules {
  readonly channel: Channel;
  readonly handedOver: ReadonlySet<unknown>;
  /** How much may still be looked at. */
  readonly budget: { objects: number; values: number };
  standInFor(error: Error): Error;
  copyOf(view: ArrayBufferView): ArrayBufferView | undefined;
}

/** So many items of an array are looked at in one go: what stands behind a long one is to be seen, too. */
const CHUNK = 10_000;

/**
 * One walk through a value that is to be sent, breadth first, so that the budget is spent on the outer parts. It refuses
 * what would be mangled, and finds what has to be replaced.
 */
export class Walk implements WalkResult {
  readonly places: ValuePath[] = [];
  readonly placeOf = new Map<unknown, ValuePath>();
  readonly again: ValuePath[] = [];
  readonly replaced = new Map<unknown, object>();
  readonly #rules: WalkRules;
  readonly #root: string;
  readonly #longArrays: { readonly place: ValuePath; readonly from: number }[] = [];
  #looked = 0;
  /** Views that show a part of their buffer. */
  #parts: ArrayBufferView[] | undefined;
  /** Buffers that travel as a whole. */
  #wholes: Set<unknown> | undefined;

  /** @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE) */
  constructor(start: ValuePath, root: string, rules: WalkRules) {
    this.#rules = rules;
    this.#root = root;
    this.placeOf.set(start.value, start);
    this.places.push(start);
    this.#lookAtAll();
    // It grows while it is gone through.
    for (const { place, from } of this.#longArrays) {
      this.#meetItems(place, place.value as unknown[], from);
      this.#lookAtAll();
    }
    for (const view of this.#parts ?? []) this.#replacePart(view);
  }

  #lookAtAll(): void {
    while (this.#looked < this.places.length) this.#look(this.places[this.#looked++]!);
  }

  #look(place: ValuePath): void {
    const { channel, handedOver } = this.#rules;
    const object = place.value as object;
    if (handedOver.has(object)) return;
    if (!ArrayBuffer.isView(object) && isErrorInside(object)) {
      this.replaced.set(object, this.#rules.standInFor(object));
      return;
    }
    // Structured clone refuses a proxy by itself, and one that was revoked cannot be asked anything.
    if (types.isProxy(object)) return;
    refuseMangled(object, this.#root, place, channel);
    if (ArrayBuffer.isView(object)) this.#lookAtView(object);
    else if (Array.isArray(object)) this.#meetItems(place, object, 0);
    else eachPart(object, (part, step, key, isMapKey) => this.#meet(part, place, step, key, isMapKey));
  }

  #meetItems(place: ValuePath, items: readonly unknown[], from: number): void {
    const end = Math.min(items.length, from + CHUNK);
    const hasBudget = eachItem(items, from, end, (part, step) => this.#meet(part, place, step));
    if (hasBudget && end < items.length) this.#longArrays.push({ place, from: end });
  }

  #meet(value: unknown, parent: ValuePath, step: string | number, key?: unknown, isMapKey?: true): boolean {
    const { budget } = this.#rules;
    if (--budget.values < 0) return false;
    if (typeof value !== 'object' || value === null) return true;
    const isKnown = this.placeOf.has(value);
    if (!isKnown && --budget.objects < 0) return false;
    const place: ValuePath = { value, parent, step, key, isMapKey };
    if (isKnown) this.again.push(place);
    else {
      this.placeOf.set(value, place);
      this.places.push(place);
    }
    return true;
  }

  #lookAtView(view: ArrayBufferView): void {
    const { buffer } = view;
    if (types.isSharedArrayBuffer(buffer)) return;
    if (view.byteLength === buffer.byteLength) (this.#wholes ??= new Set()).add(buffer);
    else if (!this.#rules.handedOver.has(buffer)) (this.#parts ??= []).push(view);
  }

  /** Unless the whole buffer is sent anyway: then the views of it go on to share it. */
  #replacePart(view: ArrayBufferView): void {
    if (this.#wholes?.has(view.buffer) === true || this.placeOf.has(view.buffer)) return;
    const copy = this.#rules.copyOf(view);
    if (copy !== undefined) this.replaced.set(view, copy);
  }
}
