import type { CarrierParts } from './carrier-reader.ts';
import { decodeStore, encodeStore, type DecodedStore } from './encoding/codec.ts';
import type { StoreText } from './encoding/text-cache.ts';
import type { StoreRecord } from './stores/store-record.ts';

/** The stores of one call. */
export type CallStores = readonly StoreText[];

/** Encodes the caller's stores; undefined when none is set, so that the message has no part for them. */
export function captureStores(records: Iterable<StoreRecord>): CallStores | undefined {
  let stores: StoreText[] | undefined;
  for (const record of records) {
    const encoded = encodeStore(record);
    if (encoded !== undefined) (stores ??= []).push(encoded);
  }
  return stores;
}

/** The stores of a call that has a carrier for its context. */
export function storesOfCarrier({ wire }: CarrierParts): CallStores {
  return wire.flatMap((name, i) => (i % 2 === 0 ? [{ name, text: wire[i + 1]!, number: 0 }] : []));
}

/** Name, text, name, text …: how stores travel in a message. */
export type WireStores = readonly string[];

/**
 * Enters the stores for the rest of the current async scope, which must be a clean root of the caller's own: what
 * `enterWith` writes into the scope ends with the scope. Decodes all stores first, so that none is entered when one is refused.
 * @returns the wrapper to run the rest in, where there are stores that can only be run in; undefined where there are none
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

/** Calls a function back where stores are set. */
export type Within = <R>(fn: () => R) => R;

function runIn({ store }: StoreRecord, value: unknown, outer: Within | undefined): Within {
  return outer === undefined ? (fn) => store.run(value, fn) : (fn) => outer(() => store.run(value, fn));
}
