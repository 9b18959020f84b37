import { OffloopError } from '../errors.ts';
import { setOwn } from '../node/own-properties.ts';
import { plainStore } from './encoding/codec.ts';
import { carrierName } from './stores/names.ts';
import { stores } from './stores/registry.ts';
import type { StoreRecord } from './stores/store-record.ts';

/**
 * Whether the user's functions can be called while any code may be on the stack. On Node 20 and 22 that code may be a regular expression,
 * and V8 crashes when a function on top of it runs another regular expression.
 */
export const canCallAnything = Number(process.versions.node.split('.', 1)[0]) >= 24;

/** The carried stores that are set right now, by name, for a report. Never throws, and shows nothing that is sensitive. */
export function showStores(): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const record of stores.values()) {
    const value = show(record);
    if (value !== undefined) setOwn(shown, carrierName(record), value);
  }
  return shown;
}

function show(record: StoreRecord): unknown {
  try {
    const value = record.store.getStore();
    if (value === undefined || Object.is(value, record.whenAbsent)) return undefined;
    if (record.sensitive) return '[sensitive]';
    return canCallAnything || isOnlyRead(record, value) ? plainStore(record, value) : '[not shown: only Node 24 and up can call its functions in the middle of a stall]';
  } catch (error) {
    // The error's message may quote the value, which a report must not show; a code says enough.
    return `[cannot be shown: ${error instanceof OffloopError ? error.code : 'an error'}]`;
  }
}

/** Whether reading the store runs no function of the user's. A store that can only be run in is offloop's own, and its `encode` is harmless. */
function isOnlyRead({ encode, pick, isRunOnly }: StoreRecord, value: unknown): boolean {
  if (encode !== undefined) return isRunOnly === true;
  if (typeof value !== 'object' || value === null) return true;
  return (pick ?? Reflect.ownKeys(value)).every((key) => !(key in value) || Object.hasOwn(Object.getOwnPropertyDescriptor(value, key) ?? {}, 'value'));
}
