import { types } from 'node:util';

import { Array, Map, Set, String } from '../../node/intrinsics.ts';
import { describe } from '../../validation/describe.ts';
import { defineOwn } from '../../node/own-properties.ts';
import { Copies, copyOfView, VALUES } from './copies.ts';
import { classOf, isDOMException, isError, outlineOf, ownProps, type ErrorRepair } from '../errors/error-repairs.ts';
import { hasBrand, isPlain, type Channel } from './structured-clone.ts';
import { eachPart } from './parts.ts';
import { isBuffer } from './value-path.ts';
import type { Repairs } from './repairs.ts';
import { isSimple } from './simple.ts';
import { isNestedDeeply } from './depth.ts';
import { isCloneable } from './uncloneable.ts';
import { Walk, type WalkRules } from './walk.ts';

/** How a value is to be sent. */
export interface Prepared<T = unknown> {
  /** The value itself, or a copy of what leads to its parts that cannot be sent as they are. */
  readonly value: T;
  readonly repairs: Repairs | undefined;
}

/**
 * How many objects of a message are looked at. Small messages are checked to the last one; in a large document a
 * class instance stands, nearly always, among its first thousand objects, and a full walk would cost more than the clone.
 */
const OBJECTS = 1000;

/** A longer chain of causes tells nobody more. */
const MAX_ERRORS = 1000;

type Exports = Readonly<Record<string, unknown>>;

interface PrepareOptions {
  readonly channel: Channel;
  /** What is handed over, which keeps its class. */
  readonly transfer: readonly unknown[] | undefined;
  /** The namespace of the task's module, where it is at hand: to say under which name it exports an error's class. */
  readonly exports: Exports | undefined;
}

/**
 * Looks at a list of arguments that is about to be cloned: refuses what structured clone would silently mangle (a class
 * instance arrives as a bare object, a symbol key not at all), and prepares what can be undone on arrival: Buffers, errors,
 * and views of a larger buffer. What structured clone itself refuses is left to it: see `explainUncloneable`.
 * @returns undefined where the list can be sent as it is
 * @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE)
 */
export function prepareList(list: readonly unknown[], root: string, options: PrepareOptions): Prepared<readonly unknown[]> | undefined {
  return isFlat(list, handedOver(options)) || isSimple(list) ? undefined : new CloneabilityCheck(options).list(list, root);
}

/** The same for one value. */
export function prepareValue(value: unknown, root: string, options: PrepareOptions): Prepared | undefined {
  if (typeof value !== 'object' || value === null || handedOver(options).includes(value) || isSimple(value)) return undefined;
  return new CloneabilityCheck(options).value(value, root);
}

/** Nothing but memory can be handed over to a process, where it is copied and taken from the sender. */
function handedOver({ channel, transfer = [] }: PrepareOptions): readonly unknown[] {
  return channel === 'message' || transfer.length === 0 ? transfer : transfer.filter(types.isArrayBuffer);
}

/** A short list without objects, but for what is handed over, needs no survey: most arguments are such a list. */
function isFlat(list: readonly unknown[], transfer: readonly unknown[]): boolean {
  return list.length <= 8 && list.every((item) => typeof item !== 'object' || item === null || transfer.includes(item));
}

/** What one message has to be prepared for. */
export class CloneabilityCheck implements WalkRules {
  readonly channel: Channel;
  readonly handedOver: ReadonlySet<unknown>;
  readonly budget = { objects: OBJECTS, values: VALUES };
  readonly #exports: Exports | undefined;
  #standIns: Map<unknown, Error> | undefined;
  #viewCopies: Map<unknown, ArrayBufferView | undefined> | undefined;
  readonly #errors: ErrorRepair[] = [];
  #domExceptions: Set<unknown> | undefined;
  /** Errors whose own properties have not been looked at. */
  readonly #unread: { readonly error: Error; readonly props: Record<string, unknown>; readonly hidden: string[] }[] = [];
  /** Holder, key, holder, key … */
  readonly #places: unknown[] = [];

  constructor(options: PrepareOptions) {
    this.channel = options.channel;
    this.handedOver = new Set(handedOver(options));
    this.#exports = options.exports;
  }

  /** @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE) */
  list(list: readonly unknown[], root: string): Prepared<readonly unknown[]> | undefined {
    const { sent, revivals } = this.#copy(list, root);
    // The list itself is not sent, only what is in it.
    this.#note(revivals, sent);
    const roots: number[] = [];
    for (let i = 0; i < list.length; i++) if (this.#isRevived(list[i])) roots.push(i);
    return this.#prepared(sent as readonly unknown[], roots, list);
  }

  /** @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE) */
  value(value: object, root: string): Prepared | undefined {
    const { sent, revivals } = this.#copy(value, root);
    this.#note(revivals);
    return this.#prepared(sent, this.#isRevived(value) ? [0] : [], value);
  }

  /** A thrown value is never refused: what cannot cross arrives as a description. */
  thrown(value: unknown): Prepared {
    const sent = this.#inParts(value, this.#lenient(value));
    if (typeof sent === 'object' && sent !== value) this.#keepClass(value as object, sent as Record<string, unknown>);
    return this.#prepared(sent, this.#isRevived(value) ? [0] : [], undefined) ?? { value: sent, repairs: undefined };
  }

  standInFor(error: Error): Error {
    this.#standIns ??= new Map();
    let standIn = this.#standIns.get(error);
    if (standIn === undefined) {
      const [props, hidden] = [{}, [] as string[]];
      const repair = { ...outlineOf(error, this.#exports), props, hidden };
      this.#standIns.set(error, (standIn = repair.it));
      this.#errors.push(repair);
      this.#unread.push({ error, props, hidden });
      if (isDOMException(repair)) (this.#domExceptions ??= new Set()).add(error);
    }
    return standIn;
  }

  copyOf(view: ArrayBufferView): ArrayBufferView | undefined {
    this.#viewCopies ??= new Map();
    if (!this.#viewCopies.has(view)) this.#viewCopies.set(view, copyOfView(view));
    return this.#viewCopies.get(view);
  }

  #copy(value: object, root: string): { sent: unknown; revivals: unknown[] } {
    const copies = new Copies(new Walk({ value, parent: undefined, step: '' }, root, this), (part) => this.#isRevived(part));
    return { sent: copies.of(value), revivals: copies.revivals };
  }

  /** On arrival something else is put in its place. */
  #isRevived(part: unknown): boolean {
    return isBuffer(part) || this.#domExceptions?.has(part) === true;
  }

  #prepared<T>(value: T, roots: number[], original: unknown): Prepared<T> | undefined {
    this.#readErrors();
    const repairs: Repairs = { roots: nonEmpty(roots), places: nonEmpty(this.#places), errors: nonEmpty(this.#errors) };
    const isEmpty = repairs.roots === undefined && repairs.places === undefined && repairs.errors === undefined;
    return isEmpty && value === original ? undefined : { value, repairs: isEmpty ? undefined : repairs };
  }

  /** One after the other: they lead to each other in long chains. */
  #readErrors(): void {
    for (const { error, props, hidden } of this.#unread) {
      for (const { key, value, isHidden } of ownProps(error)) {
        const sent = this.#lenient(value);
        this.#put(props, key, value, key === 'errors' ? this.#inParts(value, sent) : sent);
        if (isHidden) hidden.push(key);
      }
    }
  }

  #put(holder: object, key: string, value: unknown, sent: unknown): void {
    defineOwn(holder, key, { value: sent, enumerable: true, configurable: true, writable: true });
    if (this.#isRevived(value) && typeof sent === 'object') this.#places.push(holder, key);
  }

  /** The value as it can be sent, or a description of it: losing the error that has it would be worse. */
  #lenient(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return isCloneable(value) ? value : describe(value);
    try {
      if (isError(value)) return (this.#standIns?.size ?? 0) < MAX_ERRORS || this.#standIns?.has(value) === true ? this.standInFor(value) : describe(value);
      const { sent, revivals } = this.#copy(value, '');
      if (!isCloneable(sent) || isNestedDeeply(sent)) return describe(value);
      this.#note(revivals);
      return sent;
    } catch {
      return describe(value);
    }
  }

  #note(revivals: readonly unknown[], except?: unknown): void {
    for (let i = 0; i < revivals.length; i += 2) if (revivals[i] !== except) this.#places.push(revivals[i], revivals[i + 1]);
  }

  /**
   * A list, an object or an instance that cannot be sent as it is: each of its members as well as that can be sent, unless
   * nothing of it can.
   */
  #inParts(value: unknown, sent: unknown): unknown {
    if (typeof sent !== 'string' || typeof value !== 'object' || value === null || types.isProxy(value) || hasBrand(value)) return sent;
    const parts = Array.isArray(value) ? [] : {};
    let hasSome = this.#isKnownClass(value);
    eachPart(value, (part, step) => {
      const sentPart = this.#lenient(part);
      hasSome ||= sentPart === part || typeof sentPart !== 'string';
      this.#put(parts, String(step), part, sentPart);
      return --this.budget.values >= 0;
    });
    return hasSome ? parts : sent;
  }

  #isKnownClass(value: object): boolean {
    return this.#exports !== undefined && classOf(value, this.#exports).exportedAs != null;
  }

  /** A thrown object that is no error arrives as plain data, or as what it was where its class is known. */
  #keepClass(value: object, it: Record<string, unknown>): void {
    if (isError(value) || isPlain(value)) return;
    const found = classOf(value, this.#exports);
    if (found.classes.length > 0) this.#errors.push({ it, ...found, name: '', props: {}, hidden: [] });
  }
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
