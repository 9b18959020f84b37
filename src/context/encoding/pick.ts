import { Object, String } from '../../node/intrinsics.ts';
import { shortened, typeName } from '../../validation/describe.ts';
import { shared } from '../../shared/shared.ts';
import { hasOwnOrOfClass, setOwn } from '../../node/own-properties.ts';
import { isDevelopment, warn } from '../../node/warnings.ts';
import type { StoreRecord } from '../stores/store-record.ts';
import { storeError } from './store-errors.ts';

/**
 * The part of a store's value that `pick` names.
 * @throws ContextError (OFFLOOP_CONTEXT)
 */
export function pickKeys(record: StoreRecord, value: unknown, keys: readonly PropertyKey[]): unknown {
  if (typeof value !== 'object' || value === null) {
    throw storeError(record, [], `\`pick\` needs an object, and the store's value is a ${typeName(value)}`);
  }
  const picked: Record<PropertyKey, unknown> = {};
  for (const key of keys) pickKey(record, picked, value, key);
  return picked;
}

function pickKey(record: StoreRecord, picked: Record<PropertyKey, unknown>, value: object, key: PropertyKey): void {
  try {
    if (hasOwnOrOfClass(value, key)) setOwn(picked, key, (value as Record<PropertyKey, unknown>)[key]);
  } catch (cause) {
    throw storeError(record, [String(key)], 'its getter threw', cause);
  }
}

const warned = shared('empty picks', () => new Set<string>());

/** How many keys a message shows. */
const SHOWN = 10;

/**
 * Warns when no key of a store's value was picked: most often `pick` has a typo, or the value is a Map, whose entries are no keys.
 * Warns once for each store, and not in production: `pick` is in the source, so the developer is the reader.
 */
export function warnOfEmptyPick({ name, pick, sensitive }: StoreRecord, value: object, picked: object): void {
  if (pick === undefined || Object.keys(picked).length > 0 || warned.has(name) || !isDevelopment()) return;
  const keys = keysOf(value);
  if (keys.length === 0) return;
  warned.add(name);
  const holds = sensitive ? `${keys.length} ${keys.length === 1 ? 'key' : 'keys'}, none of which is one of the ${pick.length} that \`pick\` names` : `the keys ${listed(keys)}, and \`pick\` names ${listed(pick)}`;
  const remedy = value instanceof Map ? 'The entries of a Map are not its keys: give carry() an `encode` and a `decode` instead.' : 'Correct `pick` where carry() declares the store.';
  warn('OFFLOOP_EMPTY_PICK', `No key of the store '${name}' travels to the tasks: the store holds ${holds}. ${remedy}`);
}

function keysOf(value: object): unknown[] {
  try {
    return value instanceof Map ? [...(value as Map<unknown, unknown>).keys()] : Object.keys(value);
  } catch {
    // A proxy threw; a missing hint is no reason to fail.
    return [];
  }
}

function listed(keys: readonly unknown[]): string {
  const shown = keys.slice(0, SHOWN).map((key) => `\`${shortened(typeof key === 'object' && key !== null ? 'an object' : String(key as PropertyKey))}\``);
  return `${shown.join(', ')}${keys.length > SHOWN ? ` and ${keys.length - SHOWN} more` : ''}`;
}
