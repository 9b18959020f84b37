import { DuplicateNameError } from '../../errors.ts';
import { shared } from '../../shared/shared.ts';
import type { StoreRecord } from '../carry.ts';
import { isSameEvaluation, withoutQuery } from '../module-ref.ts';
import { idOf, isInstalled, packageOf, placeOf } from './package-of.ts';
import { longNames, whenRenamed, wireName } from './wire-names.ts';

/*
 * Names of stores. Two copies of one package may be installed, and each declares its stores by the same names. Then each store goes by
 * the name of its package and version as well, which does not depend on which copy was loaded first, here or on the other side.
 */

/** Every declared store, by its name; further copies of it by longer ones. */
export const stores = shared('stores', () => new Map<string, StoreRecord>());

/** Names that several copies have. */
const crowded = shared('store names of copies', () => new Set<string>());

const found = shared('stores found', () => new Map<string, StoreRecord>());
/** Counts the declarations: what was known by name before the last one may be another store's now. */
export const declarations = shared('store declarations', () => ({ count: 0 }));
/** A message may hold any name. */
const MAX_FOUND = 1000;

/** @throws DuplicateNameError (OFFLOOP_DUPLICATE_NAME) where the name is another package's, or another module's of the same one */
export function register(record: StoreRecord): void {
  const namesakes = namesakesOf(record.name);
  const before = namesakes.find((known) => known.store === record.store || isRedeclared(known, record));
  const rival = namesakes.find((known) => known !== before && !isOtherCopy(known, record));
  if (rival !== undefined) throw duplicate(rival, record);
  for (const [key, known] of stores) if (known === before) stores.set(key, record);
  if (before === undefined) stores.set(namesakes.length === 0 ? record.name : `${record.name}#${record.module}`, record);
  found.clear();
  declarations.count++;
  nameAll(record.name);
}

/** Its name in a carrier: the plain one, unless several copies are loaded. */
export function carrierName(record: StoreRecord): string {
  return crowded.has(record.name) ? wireName(record) : record.name;
}

/** Which copy has written the plain name into a carrier: `library@1.2.0`. Undefined for the application's own stores. */
export function copyHint(record: StoreRecord): string | undefined {
  return crowded.has(record.name) ? undefined : longNames.get(record)?.slice(record.name.length + 1);
}

/**
 * The store that a message or a carrier names: by its long name, by that of another version of the same package, or by the plain one,
 * where only one store fits.
 */
export function findStore(name: string): StoreRecord | undefined {
  const record = found.get(name) ?? search(name);
  if (record !== undefined && found.size < MAX_FOUND) found.set(name, record);
  return record;
}

function search(name: string): StoreRecord | undefined {
  const all = [...new Set(stores.values())];
  const exact = all.find((record) => wireName(record) === name) ?? all.find((record) => longNamesOf(record).includes(name));
  return exact ?? only(all.filter((record) => record.name === name)) ?? only(all.filter((record) => name.startsWith(`${record.name}@${packageOf(record.module)?.name ?? ''}@`)));
}

/** Why a name was not found: it is that of several stores. */
export function isAmbiguous(name: string): boolean {
  return crowded.has(name);
}

function only(records: readonly StoreRecord[]): StoreRecord | undefined {
  return records.length === 1 ? records[0] : undefined;
}

function namesakesOf(name: string): StoreRecord[] {
  return [...new Set(stores.values())].filter((record) => record.name === name);
}

/** The same module evaluated again (hot reload, a test runner's module reset) replaces what it had declared. */
function isRedeclared(known: StoreRecord, record: StoreRecord): boolean {
  return withoutQuery(known.module) === withoutQuery(record.module) && !isSameEvaluation(known.ref, record.ref);
}

function isOtherCopy(known: StoreRecord, record: StoreRecord): boolean {
  const [one, other] = [packageOf(known.module), packageOf(record.module)];
  return one !== undefined && one.name === other?.name && one.folder !== other.folder;
}

function duplicate(known: StoreRecord, { name, module }: StoreRecord): DuplicateNameError {
  const [owner, own] = [packageOf(known.module)?.name, packageOf(module)?.name];
  const rest = owner === own || owner === undefined ? '. Choose another.' : `, of the package '${owner}'. Choose another, one that begins with the name of your package: '${own ?? 'package'}.${name}'.`;
  return new DuplicateNameError(`carry('${name}'): the name is taken by a store declared in ${known.module}${rest}`);
}

/** Stores that share a name, each by the shortest name that tells it from the others. */
function nameAll(name: string): void {
  const namesakes = namesakesOf(name);
  if (namesakes.length > 1) crowded.add(name);
  for (const record of namesakes) {
    const [long, longest] = longNamesOf(record);
    const isUnique = namesakes.every((other) => other === record || longNamesOf(other)[0] !== long);
    if (long === undefined || (namesakes.length === 1 && !isInstalled(record.module))) longNames.delete(record);
    else longNames.set(record, isUnique ? long : longest!);
  }
  for (const forget of whenRenamed) forget();
}

/** A store of offloop's own is one for all copies. */
function longNamesOf({ name, module, isRunOnly }: StoreRecord): string[] {
  const owner = isRunOnly === true ? undefined : packageOf(module);
  return owner === undefined ? [] : [`${name}@${idOf(owner)}`, `${name}@${idOf(owner)} in ${placeOf(owner)}`];
}
