import { shortened } from '../../validation/describe.ts';
import { shared } from '../../shared/shared.ts';
import { isDevelopment, warn } from '../../node/warnings.ts';
import type { StoreRecord } from '../carry.ts';

const warned = shared('empty picks', () => new Set<string>());

/** How many keys a message shows. */
const SHOWN = 10;

/**
 * Nothing of a store travels though it holds something: a typo, most often, or a Map, whose entries are no keys. Said once for each store,
 * and not in production: what `pick` names is in the source.
 */
export function warnOfEmptyPick({ name, pick, sensitive }: StoreRecord, value: object, picked: object): void {
  if (pick === undefined || Object.keys(picked).length > 0 || warned.has(name) || !isDevelopment()) return;
  const keys = keysOf(value);
  if (keys.length === 0) return;
  warned.add(name);
  const holds = sensitive ? `${keys.length} ${keys.length === 1 ? 'key' : 'keys'}, none of which is one of the ${pick.length} that \`pick\` names` : `the keys ${listed(keys)}, and \`pick\` names ${listed(pick)}`;
  const remedy = value instanceof Map ? 'The entries of a Map are no keys of it: give carry() an `encode` and a `decode` instead.' : 'Mend `pick` where carry() declares the store.';
  warn('OFFLOOP_EMPTY_PICK', `Nothing of the store '${name}' travels to the tasks: it holds ${holds}. ${remedy}`);
}

function keysOf(value: object): unknown[] {
  try {
    return value instanceof Map ? [...(value as Map<unknown, unknown>).keys()] : Object.keys(value);
  } catch {
    // A proxy: nobody asked for what it says.
    return [];
  }
}

function listed(keys: readonly unknown[]): string {
  const shown = keys.slice(0, SHOWN).map((key) => `\`${shortened(typeof key === 'object' && key !== null ? 'an object' : String(key as PropertyKey))}\``);
  return `${shown.join(', ')}${keys.length > SHOWN ? ` and ${keys.length - SHOWN} more` : ''}`;
}
