import { types } from 'node:util';

import { Object } from '../../node/intrinsics.ts';
import { ContextError } from '../../errors.ts';
import type { StoreRecord } from '../stores/store-record.ts';
import { writeJson } from './json-writer.ts';

/**
 * The error of a store that cannot cross. Never shows a value; what a codec or a getter threw might show one, so a sensitive store's
 * error keeps no cause.
 */
export function storeError(record: StoreRecord, path: readonly string[], problem: string, cause?: unknown, value?: unknown): ContextError {
  // The keys of a sensitive store may be as secret as its values; the keys that `pick` names are in the source.
  const shown = record.sensitive ? path.slice(0, record.pick?.includes(path[0] ?? '') === true ? 1 : 0) : path;
  const place = [record.name, ...shown].join('.');
  const message = `The store '${record.name}' cannot cross to another thread: at \`${place}\`, ${problem}. ${remedy(record, value, path.length)}`;
  return new ContextError(message, record.name, place, cause === undefined || record.sensitive ? undefined : { cause });
}

/** @param depth how deep in the store's value the problem lies */
function remedy({ pick, encode, sensitive, maxBytes }: StoreRecord, value: unknown, depth: number): string {
  const codec = 'give carry() an `encode` and a `decode`';
  if (encode !== undefined) return 'Correct the codec where carry() declares the store.';
  if (pick === undefined) return `Choose the keys that matter with \`pick\`${sensitive ? '' : example(value, maxBytes)}, or ${codec}.`;
  // `pick` cannot name a part of a key's value.
  return `Take that key out of \`pick\`, or ${codec}${depth > 1 ? ', which choose a part of what it holds' : ''}.`;
}

/** Some keys that can cross. The watchdog asks in the middle of a stall, so no getter is called. */
function example(value: unknown, maxBytes: number): string {
  if (typeof value !== 'object' || value === null || types.isProxy(value) || Object.getPrototypeOf(value) !== Object.prototype) return '';
  const keys = Object.keys(value).slice(0, 50).filter((key) => canCross(Object.getOwnPropertyDescriptor(value, key), maxBytes));
  return keys.length === 0 ? '' : `, for instance \`pick: [${keys.slice(0, 5).map((key) => `'${key}'`).join(', ')}]\``;
}

function canCross(property: PropertyDescriptor | undefined, maxBytes: number): boolean {
  try {
    return property !== undefined && Object.hasOwn(property, 'value') && writeJson(property.value, maxBytes) !== '';
  } catch {
    return false;
  }
}
