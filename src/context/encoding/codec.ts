import type { StandardSchemaV1 } from '@standard-schema/spec';

import { Object, String, Buffer } from '../../node/intrinsics.ts';
import { shortened, typeName } from '../../validation/describe.ts';
import { ContextError, ContextTooLargeError } from '../../errors.ts';
import { hasOwnOrOfClass, ownOrOfClass } from '../../node/own-properties.ts';
import type { StoreRecord } from '../carry.ts';
import { warnOfEmptyPick } from './empty-pick.ts';
import { flatText, type StoreText } from './known-texts.ts';
import { define, fromText, NotPlainError, toText } from './plain.ts';
import { remedy } from './remedy.ts';
import { findStore, isAmbiguous } from '../stores/names.ts';
import { wireName } from '../stores/wire-names.ts';

/**
 * The store's value in the current context; undefined when the store is not set.
 * @throws ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE)
 */
export function encodeStore(record: StoreRecord): StoreText | undefined {
  const value = record.store.getStore();
  if (value === undefined || Object.is(value, record.whenAbsent)) return undefined;
  const encoded = (typeof value === 'object' && value !== null ? flatText(record, value) : undefined) ?? encodeValue(record, value);
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
 * The store of that name and the value to enter it with.
 * @throws ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE)
 */
export function decodeStore(name: string, text: string): DecodedStore {
  const record = findStore(name);
  if (record === undefined) {
    const problem = isAmbiguous(name)
      ? 'that several copies of a package have declared here, and does not say which. Install one of them only, or upgrade offloop where it was captured'
      : 'that nothing here has declared. Import the module that calls carry() for it first';
    throw new ContextError(`The carrier holds a store '${shortened(name)}' ${problem}.`, name);
  }
  checkSize(record, text);
  const wire = checkSchema(record, parse(record, text), 'restored');
  return { record, value: fromWire(record, wire) };
}

/** The value as plain data, for a report: a schema has no say in that. */
export function plainStore(record: StoreRecord, value: unknown): unknown {
  const text = plainText(record, toWire(record, value));
  checkSize(record, text);
  return fromText(text);
}

function toWire(record: StoreRecord, value: unknown): unknown {
  if (record.pick !== undefined) return pickKeys(record, value, record.pick);
  return record.encode === undefined ? value : callCodec(record, 'encode', record.encode, value);
}

function fromWire(record: StoreRecord, wire: unknown): unknown {
  return record.decode === undefined ? wire : callCodec(record, 'decode', record.decode, wire);
}

function pickKeys(record: StoreRecord, value: unknown, keys: readonly PropertyKey[]): unknown {
  if (typeof value !== 'object' || value === null) {
    throw contextError(record, [], `\`pick\` needs an object, and its value is a ${typeName(value)}`);
  }
  const picked: Record<PropertyKey, unknown> = {};
  for (const key of keys) pickKey(record, picked, value, key);
  return picked;
}

function pickKey(record: StoreRecord, picked: Record<PropertyKey, unknown>, value: object, key: PropertyKey): void {
  try {
    if (hasOwnOrOfClass(value, key)) define(picked, key, (value as Record<PropertyKey, unknown>)[key]);
  } catch (cause) {
    throw contextError(record, [String(key)], 'its getter threw', cause);
  }
}

function callCodec(record: StoreRecord, which: 'encode' | 'decode', codec: (value: unknown) => unknown, value: unknown): unknown {
  try {
    return codec(value);
  } catch (cause) {
    throw contextError(record, [], `its \`${which}\` threw`, cause);
  }
}

function plainText(record: StoreRecord, wire: unknown): string {
  try {
    return toText(wire, record.maxBytes);
  } catch (error) {
    if (!(error instanceof NotPlainError)) throw contextError(record, [], 'it cannot be read', error);
    throw contextError(record, error.path, error.message, error.cause, wire);
  }
}

function parse(record: StoreRecord, text: string): unknown {
  try {
    return fromText(text);
  } catch (cause) {
    throw contextError(record, [], 'the carrier holds text that is not what capture() wrote', cause);
  }
}

function checkSize({ name, maxBytes }: StoreRecord, text: string): void {
  // A UTF-16 unit is at most three bytes of UTF-8, so most texts need no counting.
  if (text.length * 3 <= maxBytes) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return;
  throw new ContextTooLargeError(
    `The store '${name}' takes ${String(bytes)} bytes, and its limit is ${String(maxBytes)}. ` +
      'Carry less of it (`pick`), or raise `maxBytes` where carry() declares it.',
    name,
    bytes,
  );
}

function checkSchema(record: StoreRecord, wire: unknown, when: 'captured' | 'restored'): unknown {
  if (record.schema === undefined) return wire;
  const verdict = verdictOf(record, record.schema, wire);
  if (verdict.isValid) return verdict.value;
  const { problem = `its schema refused what was ${when}`, reason, path } = verdict;
  throw contextError(record, path, reason === undefined || record.sensitive ? problem : `${problem}: ${reason}`);
}

type Verdict =
  | { readonly isValid: true; readonly value: unknown }
  | { readonly isValid: false; readonly problem: string | undefined; readonly reason: string | undefined; readonly path: readonly string[] };

/** The schema is the user's, and what it answers may be anything: a getter in it may throw, too. */
function verdictOf(record: StoreRecord, schema: StandardSchemaV1, wire: unknown): Verdict {
  try {
    return readVerdict(schema['~standard'].validate(wire));
  } catch (cause) {
    throw contextError(record, [], 'its schema threw', cause);
  }
}

function readVerdict(result: unknown): Verdict {
  if (typeof result !== 'object' || result === null) return invalid('its schema gave no result');
  const [issues, value, then] = ['issues', 'value', 'then'].map((key) => ownOrOfClass(result, key));
  if (typeof then === 'function') {
    // Nobody looks at its outcome.
    void Promise.resolve(result).catch(() => undefined);
    return invalid('its schema validates asynchronously, and a store is captured synchronously');
  }
  return issues === undefined ? { isValid: true, value } : readIssue(Array.isArray(issues) ? (issues[0] as Issue) : undefined);
}

function invalid(problem: string): Verdict {
  return { isValid: false, problem, reason: undefined, path: [] };
}

type Issue = { readonly message?: unknown; readonly path?: StandardSchemaV1.Issue['path'] } | null | undefined;

function readIssue(issue: Issue): Verdict {
  const { message = 'no reason given', path = [] } = ownParts(issue ?? {});
  return { isValid: false, problem: undefined, reason: String(message), path: path.map((segment) => String(typeof segment === 'object' ? segment.key : segment)) };
}

function ownParts(issue: NonNullable<Issue>): NonNullable<Issue> {
  return { message: ownOrOfClass(issue, 'message'), path: ownOrOfClass(issue, 'path') } as NonNullable<Issue>;
}

/** Never shows a value; what a codec or a getter threw might, so a sensitive store's error keeps no cause. */
function contextError(record: StoreRecord, path: readonly string[], problem: string, cause?: unknown, value?: unknown): ContextError {
  // The keys of a sensitive store may be as secret as its values; those that `pick` names are in the source.
  const shown = record.sensitive ? path.slice(0, record.pick?.includes(path[0] ?? '') === true ? 1 : 0) : path;
  const place = [record.name, ...shown].join('.');
  const message = `The store '${record.name}' cannot cross to another thread: at \`${place}\`, ${problem}. ${remedy(record, value, path.length)}`;
  return new ContextError(message, record.name, place, cause === undefined || record.sensitive ? undefined : { cause });
}
