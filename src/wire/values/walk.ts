import { types } from 'node:util';

import { Array, Map, Set, Math, ArrayBuffer } from '../../node/intrinsics.ts';
import { isErrorInside } from '../errors/is-error.ts';
import { refuseChanged } from './clone-errors.ts';
import type { WalkResult } from './copies.ts';
import { sizeOfLeaf } from '../size.ts';
import { isShared, type Channel } from './structured-clone.ts';
import { eachItem, eachPart, type ValuePath } from './value-parts.ts';

/** The rules of a walk, which hold for the whole message that its value is a part of. */
export interface WalkRules {
  readonly channel: Channel;
  readonly transferred: ReadonlySet<unknown>;
  /** How much may still be visited. */
  readonly budget: { objects: number; values: number };
  /** The size of the values that were met, and of the lists with their whole lengths. */
  readonly met: { size: number };
  standInFor(error: Error): Error;
  copyOf(view: ArrayBufferView): ArrayBufferView | undefined;
}

/** How many items of an array are visited in one go, so that the walk also reaches what stands behind a long array. */
const CHUNK = 10_000;

/**
 * One walk through a value that is to be sent, breadth first, so that the budget is spent on the outer parts. The walk refuses parts
 * that structured clone would change, and finds the parts that have to be replaced.
 */
export class Walk implements WalkResult {
  readonly paths: ValuePath[] = [];
  readonly pathOf = new Map<unknown, ValuePath>();
  readonly repeated: ValuePath[] = [];
  readonly replaced = new Map<unknown, object>();
  readonly #rules: WalkRules;
  readonly #root: string;
  readonly #longArrays: { readonly path: ValuePath; readonly from: number }[] = [];
  #visited = 0;
  /** Views that show a part of their buffer. */
  #partialViews: ArrayBufferView[] | undefined;
  /** Buffers that are sent as a whole. */
  #wholeBuffers: Set<unknown> | undefined;

  /** @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE) */
  constructor(start: ValuePath, root: string, rules: WalkRules) {
    this.#rules = rules;
    this.#root = root;
    this.pathOf.set(start.value, start);
    this.paths.push(start);
    this.#visitAll();
    // The list grows while this loop runs.
    for (const { path, from } of this.#longArrays) {
      this.#meetItems(path, path.value as unknown[], from);
      this.#visitAll();
    }
    for (const view of this.#partialViews ?? []) this.#replacePartialView(view);
  }

  #visitAll(): void {
    while (this.#visited < this.paths.length) this.#visit(this.paths[this.#visited++]!);
  }

  #visit(path: ValuePath): void {
    const { channel, transferred } = this.#rules;
    const object = path.value as object;
    if (transferred.has(object)) return;
    if (!ArrayBuffer.isView(object) && isErrorInside(object)) {
      this.replaced.set(object, this.#rules.standInFor(object));
      return;
    }
    // Structured clone itself refuses a proxy, and a revoked proxy throws whatever it is asked.
    if (types.isProxy(object)) return;
    refuseChanged(path, this.#root, channel);
    if (ArrayBuffer.isView(object)) this.#visitView(object);
    else if (Array.isArray(object)) this.#meetList(path, object);
    else eachPart(object, (part, step, key, isMapKey) => this.#meet(part, path, step, key, isMapKey));
  }

  #meetList(path: ValuePath, items: readonly unknown[]): void {
    this.#rules.met.size += items.length;
    this.#meetItems(path, items, 0);
  }

  #meetItems(path: ValuePath, items: readonly unknown[], from: number): void {
    const end = Math.min(items.length, from + CHUNK);
    const hasBudget = eachItem(items, from, end, (part, step) => {
      // The part was counted with the length of the list.
      this.#rules.met.size--;
      return this.#meet(part, path, step);
    });
    if (hasBudget && end < items.length) this.#longArrays.push({ path, from: end });
  }

  #meet(value: unknown, parent: ValuePath, step: string | number, key?: unknown, isMapKey?: true): boolean {
    const { budget, met } = this.#rules;
    if (--budget.values < 0) return false;
    const isKnown = typeof value === 'object' && this.pathOf.has(value);
    met.size += isKnown ? 1 : sizeOfLeaf(value);
    if (typeof value !== 'object' || value === null) return true;
    if (!isKnown && --budget.objects < 0) return false;
    const path: ValuePath = { value, parent, step, key, isMapKey };
    if (isKnown) this.repeated.push(path);
    else {
      this.pathOf.set(value, path);
      this.paths.push(path);
    }
    return true;
  }

  #visitView(view: ArrayBufferView): void {
    const { buffer } = view;
    if (isShared(view)) return;
    if (view.byteLength === buffer.byteLength) (this.#wholeBuffers ??= new Set()).add(buffer);
    else if (!this.#rules.transferred.has(buffer)) (this.#partialViews ??= []).push(view);
  }

  /** Where the whole buffer is sent anyway, its views stay views of it. */
  #replacePartialView(view: ArrayBufferView): void {
    if (this.#wholeBuffers?.has(view.buffer) === true || this.pathOf.has(view.buffer)) return;
    const copy = this.#rules.copyOf(view);
    if (copy !== undefined) this.replaced.set(view, copy);
  }
}
