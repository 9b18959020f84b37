import { shared } from '../../shared/shared.ts';
import type { StoreRecord } from '../carry.ts';

/** How a store is called in messages and carriers, where that is not its plain name: `session@library@1.2.0`. */
export const longNames = shared('store names', () => new Map<StoreRecord, string>());

/** Who remembers names, in each copy of offloop. */
export const whenRenamed = shared('stores renamed', () => new Set<() => void>());

/** Its name in a message to a worker, where another copy of its package may be loaded that is not loaded here. */
export function wireName(record: StoreRecord): string {
  return longNames.get(record) ?? record.name;
}
