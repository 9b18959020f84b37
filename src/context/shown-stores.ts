import { OffloopError } from '../errors.ts';
import { setOwn } from '../node/own-properties.ts';
import { plainStore } from './encoding/codec.ts';
import { carrierName } from './stores/names.ts';
import { stores } from './stores/registry.ts';
import type { StoreRecord } from './stores/store-record.ts';

/**
 * The user's functions can be called in the middle of anything: on Node 20 and 22 that may be a regular expression, and a
 * second one on top of it, which such a function may well run, crashes V8.
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
    // Its message may quote the value, which nobody has cleared for a report; a code says enough.
    return `[cannot be shown: ${error instanceof OffloopError ? error.code : 'an error'}]`;
  }
}

/** No function of the user's runs when it is read: what can only be run in is a store of offloop's own, and its `encode` is harmless. */
function isOnlyRead({ encode, pick, isRunOnly }: StoreRecord, value: unknown): boolean {
  if (encode !== undefined) return isRunOnly === true;
  if (typeof value !== 'object' || value === null) return true;
  return (pick ?? Reflect.ownKeys(value)).every((key) => !(key in value) || Object.hasOwn(Object.getOwnPropertyDescriptor(value, key) ?? {}, 'value'));
}
