import { Object, Buffer } from '../../node/intrinsics.ts';
import { shortened } from '../../validation/describe.ts';
import { ContextError, ContextTooLargeError } from '../../errors.ts';
import { isAmbiguous, wireName } from '../stores/names.ts';
import { findStore } from '../stores/registry.ts';
import type { StoreRecord } from '../stores/store-record.ts';
import { readJson } from './json-reader.ts';
import { NotPlainError, writeJson } from './json-writer.ts';
import { pickKeys, warnOfEmptyPick } from './pick.ts';
import { checkSchema } from './schema.ts';
import { storeError } from './store-errors.ts';
import { cachedText, type StoreText } from './text-cache.ts';

/**
 * Encodes the store's value in the current context; undefined when the store is not set.
 * @throws ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE)
 */
export function encodeStore(record: StoreRecord): StoreText | undefined {
  const value = record.store.getStore();
  if (value === undefined || Object.is(value, record.whenAbsent)) return undefined;
  const encoded = (typeof value === 'object' && value !== null ? cachedText(record, value) : undefined) ?? encodeValue(record, value);
  checkSize(record, encoded.text);
  return encoded;
}

function encodeValue(record: StoreRecord, value: unknown): StoreText {
  const plain = toWire(record, value);
  if (record.pick !== undefined) warnOfEmptyPick(record, value as object, plain as object);
  const wire = checkSchema(record, plain, 'captured');
  return { name: wireName(record), text: plainText(record, wire), number: 0 };
}

/** A store and the value to enter it with. */
export interface DecodedStore {
  readonly record: StoreRecord;
  readonly value: unknown;
}

/**
 * Finds the store of that name, and decodes the value to enter it with.
 * @throws ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE)
 */
export function decodeStore(name: string, text: string): DecodedStore {
  const record = findStore(name);
  if (record === undefined) throw notFound(name);
  checkSize(record, text);
  const wire = checkSchema(record, parse(record, text), 'restored');
  return { record, value: fromWire(record, wire) };
}

/** The value as plain data, for a report, which needs no check by the store's schema. */
export function plainStore(record: StoreRecord, value: unknown): unknown {
  const text = plainText(record, toWire(record, value));
  checkSize(record, text);
  return readJson(text);
}

function toWire(record: StoreRecord, value: unknown): unknown {
  if (record.pick !== undefined) return pickKeys(record, value, record.pick);
  return record.encode === undefined ? value : callCodec(record, 'encode', record.encode, value);
}

function fromWire(record: StoreRecord, wire: unknown): unknown {
  return record.decode === undefined ? wire : callCodec(record, 'decode', record.decode, wire);
}

function callCodec(record: StoreRecord, which: 'encode' | 'decode', codec: (value: unknown) => unknown, value: unknown): unknown {
  try {
    return codec(value);
  } catch (cause) {
    throw storeError(record, [], `its \`${which}\` threw`, cause);
  }
}

function plainText(record: StoreRecord, wire: unknown): string {
  try {
    return writeJson(wire, record.maxBytes);
  } catch (error) {
    if (!(error instanceof NotPlainError)) throw storeError(record, [], 'it cannot be read', error);
    throw storeError(record, error.path, error.message, error.cause, wire);
  }
}

function parse(record: StoreRecord, text: string): unknown {
  try {
    return readJson(text);
  } catch (cause) {
    throw storeError(record, [], 'the carrier holds text that is not what capture() wrote', cause);
  }
}

function checkSize({ name, maxBytes }: StoreRecord, text: string): void {
  // A UTF-16 unit is at most three bytes of UTF-8, so most texts need no counting.
  if (text.length * 3 <= maxBytes) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return;
  throw new ContextTooLargeError(
    `The store '${name}' takes ${String(bytes)} bytes, and its limit is ${String(maxBytes)}. ` +
      'Carry less of the store (`pick`), or raise `maxBytes` where carry() declares the store.',
    name,
    bytes,
  );
}

function notFound(name: string): ContextError {
  const problem = isAmbiguous(name)
    ? 'that several copies of a package have declared here, and does not say which copy. Install one copy only, or upgrade offloop where the carrier was captured'
    : 'that no module here has declared. Import the module that calls carry() for the store first';
  return new ContextError(`The carrier holds a store '${shortened(name)}' ${problem}.`, name);
}
