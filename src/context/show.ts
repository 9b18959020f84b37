import { OffloopError } from '../errors.ts';
import { stores, type StoreRecord } from './carry.ts';
import { encodeStore } from './codec.ts';
import { fromText } from './plain.ts';

/** The carried stores that are set right now, by name, for a report. Never throws, and shows nothing that is sensitive. */
export function showStores(): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const record of stores.values()) {
    const value = show(record);
    // A name such as `__proto__` must become a key, not the prototype.
    if (value !== undefined) Object.defineProperty(shown, record.name, { value, enumerable: true, configurable: true, writable: true });
  }
  return shown;
}

function show(record: StoreRecord): unknown {
  try {
    const value = record.store.getStore();
    if (value === undefined || Object.is(value, record.whenAbsent)) return undefined;
    if (record.sensitive) return '[sensitive]';
    return fromText(encodeStore(record) ?? 'null');
  } catch (error) {
    // Its message may quote the value, which nobody has cleared for a report; a code says enough.
    return `[cannot be shown: ${error instanceof OffloopError ? error.code : 'an error'}]`;
  }
}
