import { Object, Array } from '../node/intrinsics.ts';
import { describe, shortened, typeName } from '../validation/describe.ts';
import { ContextError, OptionError } from '../errors.ts';
import { checkOptions, rules } from '../validation/options.ts';
import { ownValues } from '../node/own-properties.ts';
import { stores as declaredStores, type Carried, type StoreRecord } from './carry.ts';
import { decodeStore, encodeStore, type DecodedStore } from './encoding/codec.ts';
import { currentDeadline, enterDeadline } from './deadline.ts';
import type { StoreText } from './encoding/known-texts.ts';
import { define } from './encoding/plain.ts';
import { inCleanRoot } from './root.ts';
import { carrierName, copyHint, findStore } from './stores/names.ts';
import { wireName } from './stores/wire-names.ts';

/**
 * The carried stores at one moment, as plain JSON: put it in any message. Each store is JSON text, so that nothing that
 * happens to the message on its way can change a part of it unnoticed.
 */
export interface Carrier {
  readonly version: 1;
  readonly stores: Readonly<Record<string, string>>;
  /** By the name of a store that an installed package has declared: which one, `library@1.2.0`. */
  readonly packages?: Readonly<Record<string, string>>;
  /** Epoch ms, when `withDeadline` was in force. */
  readonly deadline?: number;
}

/**
 * Encodes the carried stores that are set right now, synchronously. A store that nobody entered is absent from it.
 * @param options `only`: these stores instead of all that were declared with `carry()`.
 * @throws ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE)
 */
export function capture(options: { only?: readonly Carried<unknown>[] } = {}): Carrier {
  const { only } = checkOptions<typeof options>('capture()', options, { only: rules.list });
  const stores: Record<string, string> = {};
  let packages: Record<string, string> | undefined;
  for (const record of selectStores('capture()', only)) {
    const encoded = encodeStore(record);
    if (encoded === undefined) continue;
    define(stores, carrierName(record), encoded.text);
    const hint = copyHint(record);
    if (hint !== undefined) define((packages ??= {}), record.name, hint);
  }
  const deadline = currentDeadline();
  return { version: 1, stores, ...(packages !== undefined && { packages }), ...(deadline !== undefined && { deadline }) };
}

/**
 * Runs `fn` from a clean root with exactly the stores of the carrier: what the carrier does not hold is absent, whatever
 * the caller has set. `undefined` stands for a carrier without stores.
 * @returns what `fn` returns; the caller's own context is untouched afterwards.
 * @throws ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE), before `fn` runs
 */
export function restore<R>(carrier: Carrier | undefined, fn: () => R): R {
  if (typeof fn !== 'function') throw new OptionError(`restore(): expected a function to run, got ${describe(fn)}.`);
  const { wire, deadline } = carrier === undefined ? nothing : readCarrier(carrier);
  return inCleanRoot(() => {
    const within = enterStores(wire);
    const run = deadline === undefined ? fn : () => enterDeadline(deadline, fn);
    return within === undefined ? run() : within(run);
  });
}

/** Name, text, name, text …: how stores travel in a message. */
type WireStores = readonly string[];

/** The stores of one call. */
export type CallStores = readonly StoreText[];

/** Encodes what the caller has set; undefined when that is nothing, which then costs nothing in the message. */
export function captureStores(records: Iterable<StoreRecord>): CallStores | undefined {
  let stores: StoreText[] | undefined;
  for (const record of records) {
    const encoded = encodeStore(record);
    if (encoded !== undefined) (stores ??= []).push(encoded);
  }
  return stores;
}

/**
 * Enters the stores for the rest of the current async scope, which must be a clean root of the caller's own: what
 * `enterWith` writes into it ends with it. Decodes all of them first, so that none is entered when one is refused.
 * @returns what the rest is to be run with, where there are stores that can only be run in; undefined where there are none
 */
export function enterStores(wire: WireStores): Within | undefined {
  const decoded: DecodedStore[] = [];
  for (let i = 0; i < wire.length; i += 2) decoded.push(decodeStore(wire[i]!, wire[i + 1]!));
  let within: Within | undefined;
  for (const { record, value } of decoded) {
    if (record.isRunOnly === true) within = runIn(record, value, within);
    else record.store.enterWith(value);
  }
  return within;
}

/** Calls back where stores are set. */
export type Within = <R>(fn: () => R) => R;

function runIn({ store }: StoreRecord, value: unknown, outer: Within | undefined): Within {
  return outer === undefined ? (fn) => store.run(value, fn) : (fn) => outer(() => store.run(value, fn));
}

/** What a carrier holds. */
export interface CarrierParts {
  readonly wire: WireStores;
  /** Epoch ms. */
  readonly deadline: number | undefined;
}

const nothing: CarrierParts = { wire: [], deadline: undefined };

/**
 * A carrier comes from a message, so anybody may have written it: its shape is checked before anything of it is used, and
 * each part is read once, since a getter may answer with something else the next time.
 * @throws ContextError (OFFLOOP_CONTEXT)
 */
export function readCarrier(carrier: unknown): CarrierParts {
  try {
    return partsOf(carrier);
  } catch (error) {
    if (error instanceof ContextError) throw error;
    throw new ContextError(`Not a carrier: it cannot be read. ${whereFrom}`, '', '', { cause: error });
  }
}

function partsOf(carrier: unknown): CarrierParts {
  const [version, stores, deadline, packages] = ownValues<keyof Carrier>(carrier, ['version', 'stores', 'deadline', 'packages']);
  if (version !== 1) throw badCarrier(`its version is ${shown(version)}, and this offloop reads version 1`);
  if (typeof stores !== 'object' || stores === null || Array.isArray(stores)) throw badCarrier(`its \`stores\` is ${shown(stores)}`);
  if (deadline !== undefined && !Number.isFinite(deadline)) throw badCarrier(`its \`deadline\` is ${shown(deadline)}`);
  const wire: string[] = [];
  for (const [name, text] of Object.entries(stores as Record<string, unknown>)) {
    if (typeof text !== 'string') throw new ContextError(`The carrier's store '${shortened(name)}' is not text. ${whereFrom}`, name);
    wire.push(longName(name, packages), text);
  }
  return { wire, deadline: deadline as number | undefined };
}

/** Which copy of its package a plain name belongs to; who has but one copy does not look. */
function longName(name: string, packages: unknown): string {
  const [hint] = ownValues(packages, [name]);
  const record = findStore(typeof hint === 'string' ? `${name}@${hint}` : name);
  return record === undefined ? name : wireName(record);
}

export function callStores({ wire }: CarrierParts): CallStores {
  return wire.flatMap((name, i) => (i % 2 === 0 ? [{ name, text: wire[i + 1]!, number: 0 }] : []));
}

const whereFrom = 'Pass on, unchanged, what capture() returned.';

function badCarrier(problem: string): ContextError {
  return new ContextError(`Not a carrier: ${problem}. ${whereFrom}`, '');
}

/** Of the rest only the type: a carrier that was taken apart may have a sensitive store's text in any place. */
function shown(value: unknown): string {
  return typeof value === 'number' || value === undefined || value === null ? describe(value) : `of the type \`${typeName(value)}\``;
}

/** @throws OptionError (OFFLOOP_OPTION) when one of the list is not what `carry()` returned. */
export function selectStores(call: string, only: readonly Carried<unknown>[] | undefined): Iterable<StoreRecord> {
  if (only === undefined) return declaredStores.values();
  // Not with `map()`, which leaves holes as they are.
  return Array.from(only, (carried: unknown) => {
    const record = recordOf(carried);
    if (record === undefined) throw new OptionError(`${call}: expected what carry() returned, got ${describe(carried)}.`);
    return record;
  });
}

/** A module that was evaluated again has declared its store anew; what the first evaluation got stands for it. */
function recordOf(carried: unknown): StoreRecord | undefined {
  const all = [...declaredStores.values()];
  return all.find((record) => record === carried) ?? findStore((carried as Partial<StoreRecord> | null)?.name ?? '');
}
