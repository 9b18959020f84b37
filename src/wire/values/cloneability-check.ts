import { types } from 'node:util';

import { Array, Map, Set, String } from '../../node/intrinsics.ts';
import { describe } from '../../validation/describe.ts';
import { defineOwn } from '../../node/own-properties.ts';
import { classOf, isDOMException, outlineOf, ownProps, type ErrorRepair } from '../errors/error-repairs.ts';
import { isError } from '../errors/is-error.ts';
import { Copies, copyOfView, VALUES } from './copies.ts';
import { isNestedDeeply } from './depth.ts';
import type { Repairs } from './repairs.ts';
import { isBuffer, isBuiltIn, isPlain, transferredBy, type Channel } from './structured-clone.ts';
import { isCloneable } from './uncloneable.ts';
import { eachPart } from './value-parts.ts';
import { Walk, type WalkRules } from './walk.ts';

/** How a value is to be sent. */
export interface Prepared<T = unknown> {
  /** The value itself, or a copy of the objects that lead to parts that cannot be sent as they are. */
  readonly value: T;
  readonly repairs: Repairs | undefined;
}

export interface PrepareOptions {
  readonly channel: Channel;
  /** A transferred object keeps its class. */
  readonly transfer: readonly unknown[] | undefined;
  /** The exports of the task's module, where they are known: to find the name under which the module exports an error's class. */
  readonly exports: Readonly<Record<string, unknown>> | undefined;
}

/**
 * How many objects of a message are visited. Small messages are checked completely; in a large document a class instance is nearly
 * always among the first thousand objects, and a full walk would cost more than the clone.
 */
const OBJECTS = 1000;

/** A longer chain of causes helps no reader. */
const MAX_ERRORS = 1000;

/** The full check of one message. Use each instance once. */
export class CloneabilityCheck implements WalkRules {
  readonly channel: Channel;
  readonly transferred: ReadonlySet<unknown>;
  readonly budget = { objects: OBJECTS, values: VALUES };
  /** The root counts as one value. */
  readonly met = { size: 1 };
  readonly #exports: PrepareOptions['exports'];
  #standIns: Map<unknown, Error> | undefined;
  #viewCopies: Map<unknown, ArrayBufferView | undefined> | undefined;
  readonly #errors: ErrorRepair[] = [];
  #domExceptions: Set<unknown> | undefined;
  /** Errors whose own properties have not been read yet. */
  readonly #unread: { readonly error: Error; readonly props: Record<string, unknown>; readonly hidden: string[] }[] = [];
  /** Holder, key, holder, key … */
  readonly #revivals: unknown[] = [];

  constructor({ channel, transfer = [], exports }: PrepareOptions) {
    this.channel = channel;
    this.transferred = new Set(transferredBy(channel, transfer));
    this.#exports = exports;
  }

  /** The count of the walk: see size.ts. */
  get size(): number {
    return this.met.size;
  }

  get isPartial(): boolean {
    return this.budget.values < 0 || this.budget.objects < 0;
  }

  /** @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE) */
  list(list: readonly unknown[], root: string): Prepared<readonly unknown[]> | undefined {
    const { sent, revivals } = this.#copy(list, root);
    // Only the items are sent, and not the list itself.
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

  /** A thrown value is never refused: a part that cannot be sent arrives as its description. */
  thrown(value: unknown): Prepared {
    const sent = this.#inParts(value, this.#valueOrDescription(value));
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

  /** Whether the receiver puts another object in its place. */
  #isRevived(part: unknown): boolean {
    return isBuffer(part) || this.#domExceptions?.has(part) === true;
  }

  #prepared<T>(value: T, roots: number[], original: unknown): Prepared<T> | undefined {
    this.#readErrors();
    const repairs: Repairs = { roots: nonEmpty(roots), revivals: nonEmpty(this.#revivals), errors: nonEmpty(this.#errors) };
    const isEmpty = repairs.roots === undefined && repairs.revivals === undefined && repairs.errors === undefined;
    return isEmpty && value === original ? undefined : { value, repairs: isEmpty ? undefined : repairs };
  }

  /** Without recursion: causes form long chains. */
  #readErrors(): void {
    for (const { error, props, hidden } of this.#unread) {
      for (const { key, value, isHidden } of ownProps(error)) {
        const sent = this.#valueOrDescription(value);
        this.#put(props, key, value, key === 'errors' ? this.#inParts(value, sent) : sent);
        if (isHidden) hidden.push(key);
      }
    }
  }

  #put(holder: object, key: string, value: unknown, sent: unknown): void {
    defineOwn(holder, key, { value: sent, enumerable: true, configurable: true, writable: true });
    if (this.#isRevived(value) && typeof sent === 'object') this.#revivals.push(holder, key);
  }

  /** The value as it can be sent, or a description of it: to lose the error that has the value would be worse. */
  #valueOrDescription(value: unknown): unknown {
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
    for (let i = 0; i < revivals.length; i += 2) if (revivals[i] !== except) this.#revivals.push(revivals[i], revivals[i + 1]);
  }

  /** For a list, an object or an instance that cannot be sent as it is: each of its parts as far as that can be sent. */
  #inParts(value: unknown, sent: unknown): unknown {
    if (typeof sent !== 'string' || typeof value !== 'object' || value === null || types.isProxy(value) || isBuiltIn(value)) return sent;
    const parts = Array.isArray(value) ? [] : {};
    let hasSome = this.#isKnownClass(value);
    eachPart(value, (part, step) => {
      const sentPart = this.#valueOrDescription(part);
      hasSome ||= sentPart === part || typeof sentPart !== 'string';
      this.#put(parts, String(step), part, sentPart);
      return --this.budget.values >= 0;
    });
    return hasSome ? parts : sent;
  }

  #isKnownClass(value: object): boolean {
    return this.#exports !== undefined && classOf(value, this.#exports).exportedAs != null;
  }

  /** A thrown object that is not an error arrives as plain data, or with its class where the receiver knows that. */
  #keepClass(value: object, it: Record<string, unknown>): void {
    if (isError(value) || isPlain(value)) return;
    const found = classOf(value, this.#exports);
    if (found.classes.length > 0) this.#errors.push({ it, ...found, name: '', props: {}, hidden: [] });
  }
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
