import { shared } from '../../shared/shared.ts';
import { idOf, isInstalled, packageOf, placeOf } from './npm-package.ts';
import type { StoreRecord } from './store-record.ts';

/*
 * Names of stores in messages and carriers. Two copies of one package may be installed, and each declares its stores by the same names.
 * Each of these stores then has a long name with its package and version, which does not depend on which copy was loaded first, here or
 * on the other side.
 */

/** Long names by store: `session@library@1.2.0`. A store without one goes by its plain name. */
const longNames = shared('store names', () => new Map<StoreRecord, string>());

/** Plain names that several copies have. */
const ambiguousNames = shared('store names of copies', () => new Set<string>());

/** Functions to call when a store's name changes, from each copy of offloop. */
export const renameListeners = shared('stores renamed', () => new Set<() => void>());

/** A store's name in a message to a worker: the worker may have loaded another copy of the store's package, which is not loaded here. */
export function wireName(record: StoreRecord): string {
  return longNames.get(record) ?? record.name;
}

/** A store's name in a carrier: the plain name, unless several copies are loaded. */
export function carrierName(record: StoreRecord): string {
  return isAmbiguous(record.name) ? wireName(record) : record.name;
}

/** The copy that has written the plain name into a carrier: `library@1.2.0`. Undefined for the application's own stores. */
export function copyHint(record: StoreRecord): string | undefined {
  return isAmbiguous(record.name) ? undefined : longNames.get(record)?.slice(record.name.length + 1);
}

/** Whether several copies have declared a store of this name. */
export function isAmbiguous(name: string): boolean {
  return ambiguousNames.has(name);
}

/** Gives stores that share a name the shortest name that tells each of them from the others. */
export function nameStores(name: string, namesakes: readonly StoreRecord[]): void {
  if (namesakes.length > 1) ambiguousNames.add(name);
  for (const record of namesakes) {
    const [long, longest] = longNamesOf(record);
    const isUnique = namesakes.every((other) => other === record || longNamesOf(other)[0] !== long);
    if (long === undefined || (namesakes.length === 1 && !isInstalled(record.module))) longNames.delete(record);
    else longNames.set(record, isUnique ? long : longest!);
  }
  for (const onRename of renameListeners) onRename();
}

/** The shorter name first; none for a store of offloop's own, which is one store for all copies. */
export function longNamesOf({ name, module, isRunOnly }: StoreRecord): string[] {
  const owner = isRunOnly === true ? undefined : packageOf(module);
  return owner === undefined ? [] : [`${name}@${idOf(owner)}`, `${name}@${idOf(owner)} in ${placeOf(owner)}`];
}
