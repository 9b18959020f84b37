import { decodeStore } from '../../context/encoding/codec.ts';
import { recordOf } from '../../context/stores/selection.ts';
import { wireName } from '../../context/stores/names.ts';
import type { Carried, StoreRecord } from '../../context/stores/store-record.ts';
import type { CallStores } from '../../context/call-stores.ts';
import { OptionError } from '../../errors.ts';
import { errorText, typeName } from '../../validation/describe.ts';
import { checkOptions, rules, type Rule } from '../../validation/options.ts';

/** Groups calls: by a property of a carried store's value, or by what a function returns for a call. */
export type CallKey = { readonly store: Carried<any>; readonly key: string } | ((call: { readonly name: string; readonly args: readonly unknown[] }) => string | undefined);

/** A call whose key is asked for. */
interface KeyedCall {
  readonly name: string;
  readonly args: readonly unknown[];
  /** The caller's stores as they travel, where they are not those of the current context: those of a carrier. */
  readonly carried: CallStores | undefined;
  /** Whether the call takes the stores of the current context along. */
  readonly inherits: boolean;
}

export interface KeyReader {
  /** Whether the key is a part of the caller's context, and so is the same for all items of a map. */
  readonly isOfContext: boolean;
  /**
   * The key of a call; undefined where it has none. Call this in the caller's context.
   * @throws OptionError (OFFLOOP_OPTION) where the key cannot be read, or is no text
   */
  read(call: KeyedCall): string | undefined;
}

export const callKeyRule: Rule = {
  is: (v) => rules.callback.is(v) || rules.record.is(v),
  expected: "a function, or `{ store, key }` with what carry() returned and the name of a property of the store's value",
};

const storeKeyTable = {
  store: { is: (v) => recordOf(v) !== undefined, expected: 'what carry() returned' },
  key: { is: rules.name.is, expected: "the name of a property of the store's value" },
} satisfies Record<string, Rule>;

/**
 * @param stores the stores that travel with the pool's calls
 * @throws OptionError (OFFLOOP_OPTION) where the store does not travel, or may not be shown
 */
export function keyReader(call: string, callKey: CallKey, stores: () => Iterable<StoreRecord>): KeyReader {
  if (typeof callKey === 'function') return { isOfContext: false, read: ({ name, args }) => textOf(call, name, () => callKey({ name, args })) };
  const { store, key } = checkOptions<Partial<typeof callKey>>(call, callKey, storeKeyTable);
  const record = recordOf(store);
  if (record === undefined || key === undefined) throw new OptionError(`${call}: expected ${callKeyRule.expected}. \`${key === undefined ? 'key' : 'store'}\` is missing.`);
  assertReadable(call, record, key, stores);
  const valueFor = ({ inherits, carried }: KeyedCall): unknown => (inherits ? record.store.getStore() : carriedValue(record, carried));
  return { isOfContext: true, read: (keyed) => textOf(call, keyed.name, () => propertyOf(valueFor(keyed), key)) };
}

function assertReadable(call: string, record: StoreRecord, key: string, stores: () => Iterable<StoreRecord>): void {
  const { name, sensitive, pick } = record;
  if (sensitive) throw new OptionError(`${call}: the store '${name}' is \`sensitive\`, and keys are shown in statistics. Carry the key in a store of its own that is not sensitive.`);
  if (pick?.includes(key) === false) throw new OptionError(`${call}: the store '${name}' does not carry \`${key}\`. Add it to the \`pick\` of its carry().`);
  for (const travelling of stores()) if (travelling.name === name) return;
  throw new OptionError(`${call}: the store '${name}' does not travel with the calls of this pool. Add it to the pool's \`context\`.`);
}

function carriedValue(record: StoreRecord, carried: CallStores = []): unknown {
  const found = carried.find(({ name }) => name === wireName(record));
  return found && decodeStore(found.name, found.text).value;
}

function propertyOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  // A class may have a getter; but no call belongs to what every object inherits.
  return key in Object.prototype && !Object.hasOwn(value, key) ? undefined : (value as Record<string, unknown>)[key];
}

function textOf(call: string, task: string, read: () => unknown): string | undefined {
  let key: unknown;
  try {
    key = read();
  } catch (cause) {
    throw new OptionError(`${call}: the key of the call of '${task}' cannot be read: ${errorText(cause)}. Let it be a string, or undefined for a call without a key.`, { cause });
  }
  if (key === undefined || key === null || typeof key === 'string') return key ?? undefined;
  if ((typeof key === 'number' && !Number.isNaN(key)) || typeof key === 'bigint') return String(key);
  const got = typeof key === 'number' ? 'NaN' : typeName(key) === 'object' ? 'an object' : `a value of the type \`${typeName(key)}\``;
  throw new OptionError(`${call}: expected the key of the call of '${task}' to be a string, a number or undefined, got ${got}.`);
}
