import { DuplicateNameError } from '../../errors.ts';
import { shared } from '../../shared/shared.ts';
import { isSameEvaluation, withoutQuery } from '../module-ref.ts';
import { longNamesOf, nameStores, wireName } from './names.ts';
import { packageOf } from './npm-package.ts';
import type { StoreRecord } from './store-record.ts';

/** Every declared store by its name; further copies of a store by longer names. */
export const stores = shared('stores', () => new Map<string, StoreRecord>());

/** Every record that was declared, also those whose module has declared its store anew since. */
const declared = shared('stores declared', () => new WeakSet<object>());

/** Counts the declarations: after each of them a name may mean another store. */
export const declarations = shared('store declarations', () => ({ count: 0 }));

/** Results of `findStore()` since the last declaration. */
const found = shared('stores found', () => new Map<string, StoreRecord>());
/** Limits `found`, since a message may hold any name. */
const MAX_FOUND = 1000;

/** @throws DuplicateNameError (OFFLOOP_DUPLICATE_NAME) where the name is another package's, or another module's of the same package */
export function registerStore(record: StoreRecord): void {
  const namesakes = namesakesOf(record.name);
  const before = namesakes.find((known) => known.store === record.store || isRedeclared(known, record));
  const rival = namesakes.find((known) => known !== before && !isOtherCopy(known, record));
  if (rival !== undefined) throw duplicate(rival, record);
  for (const [key, known] of stores) if (known === before) stores.set(key, record);
  if (before === undefined) stores.set(namesakes.length === 0 ? record.name : `${record.name}#${record.module}`, record);
  declared.add(record);
  found.clear();
  declarations.count++;
  nameStores(record.name, namesakesOf(record.name));
}

/**
 * The store that a message or a carrier names: by its long name, by the long name of another version of the same package, or by the plain
 * name where only one store has it.
 */
export function findStore(name: string): StoreRecord | undefined {
  const record = found.get(name) ?? search(name);
  if (record !== undefined && found.size < MAX_FOUND) found.set(name, record);
  return record;
}

/** The current declaration of a store, by what `carry()` returned for any of its declarations; undefined for anything else. */
export function findDeclared(carried: unknown): StoreRecord | undefined {
  const all = [...stores.values()];
  const current = all.find((record) => record === carried);
  if (current !== undefined || typeof carried !== 'object' || carried === null || !declared.has(carried)) return current;
  const { name, module } = carried as StoreRecord;
  return all.find((record) => record.name === name && withoutQuery(record.module) === withoutQuery(module)) ?? findStore(name);
}

function search(name: string): StoreRecord | undefined {
  const all = [...new Set(stores.values())];
  const exact = all.find((record) => wireName(record) === name) ?? all.find((record) => longNamesOf(record).includes(name));
  return exact ?? only(all.filter((record) => record.name === name)) ?? only(all.filter((record) => name.startsWith(`${record.name}@${packageOf(record.module)?.name ?? ''}@`)));
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
  const rest = owner === own || owner === undefined ? '. Choose another name.' : `, of the package '${owner}'. Choose another name that begins with the name of your package: '${own ?? 'package'}.${name}'.`;
  return new DuplicateNameError(`carry('${name}'): the name is taken by a store declared in ${known.module}${rest}`);
}
