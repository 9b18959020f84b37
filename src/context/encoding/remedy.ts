import { types } from 'node:util';

import type { StoreRecord } from '../carry.ts';
import { toText } from './plain.ts';

/**
 * What to do about a store that cannot cross.
 * @param depth how deep in its value the reason lies
 */
export function remedy({ pick, encode, sensitive, maxBytes }: StoreRecord, value: unknown, depth: number): string {
  const codec = 'give carry() an `encode` and a `decode`';
  if (encode !== undefined) return 'Mend the codec where carry() declares the store.';
  if (pick === undefined) return `Choose the keys that matter with \`pick\`${sensitive ? '' : example(value, maxBytes)}, or ${codec}.`;
  // `pick` cannot name a part of what a key holds.
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
    return property !== undefined && Object.hasOwn(property, 'value') && toText(property.value, maxBytes) !== '';
  } catch {
    return false;
  }
}
