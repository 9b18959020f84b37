import { AsyncLocalStorage } from 'node:async_hooks';

import type { StandardSchemaV1 } from '@standard-schema/spec';

import { describe } from '../validation/describe.ts';
import { OptionError } from '../errors.ts';
import { checkOptions, rules, type Rule } from '../validation/options.ts';
import { assertNotEntry, moduleUrl, type ModuleRef } from './module-ref.ts';
import { inCleanRoot } from './root.ts';
import { registerStore } from './stores/registry.ts';
import type { Carried, StoreRecord } from './stores/store-record.ts';

export interface CarryOptions<T, W = T> {
  /** The store's name in the carrier; two packages may not use the same name, but two copies of one package may. */
  name: string;
  /** Only these keys travel. Needed where the store holds more than plain data (a socket, a request, a class instance). */
  pick?: readonly (keyof T)[];
  /** Turns the value into plain data on capture. Not together with `pick`. */
  encode?(value: T): W;
  /** Turns the plain data back into a value on restore. */
  decode?(wire: W): T;
  /** Checked on capture and again on restore; any Standard Schema (zod, valibot, arktype …) that validates synchronously. */
  schema?: StandardSchemaV1<W>;
  /** The largest encoded size in bytes of UTF-8, checked on both sides. Default 8192. */
  maxBytes?: number;
  /** The value travels, but no error, log or report ever shows it. Default false. */
  sensitive?: boolean;
}

const table: Readonly<Record<keyof CarryOptions<unknown>, Rule>> = {
  name: rules.name,
  pick: { is: (v) => Array.isArray(v) && v.length > 0, expected: 'a non-empty array of keys' },
  encode: rules.callback,
  decode: rules.callback,
  schema: { is: isStandardSchema, expected: 'a Standard Schema (an object with a `~standard` property)' },
  maxBytes: rules.positiveInteger,
  sensitive: rules.boolean,
};

/**
 * Declares that a store travels with every task: its value is encoded when the task is called, and is alive again in the
 * worker before the task runs. Call it at the top level of a module that a worker can load.
 *
 * @example
 * export const requestStore = new AsyncLocalStorage<{ requestId: string }>();
 * carry(import.meta, requestStore, { name: 'request', pick: ['requestId'] });
 *
 * @throws OptionError (OFFLOOP_OPTION), DuplicateNameError (OFFLOOP_DUPLICATE_NAME), EntryModuleError (OFFLOOP_ENTRY_MODULE)
 */
export function carry<T, W = T>(module: ModuleRef, store: AsyncLocalStorage<T>, options: CarryOptions<T, W>): Carried<T> {
  if (isStore(module)) throw new OptionError("carry(): pass the module first, so that a worker finds the store in it: carry(import.meta, store, { name: 'request' }).");
  const { name, pick, encode, decode, schema, maxBytes = 8192, sensitive = false } = checkCarry(options);
  const url = moduleUrl('carry()', module);
  if (!isStore(store)) throw new OptionError(`carry('${name}'): expected an AsyncLocalStorage, got ${describe(store)}.`);
  assertNotEntry(`carry('${name}')`, url);
  return declareStore({ name, module: url, store, sensitive, ref: module, pick: pick && [...pick], encode, decode, schema, maxBytes, isRunOnly: undefined } as Declaration) as Carried<T>;
}

type Declaration = Omit<StoreRecord, 'whenAbsent'>;

/**
 * Declares a store of offloop's own, whose options need no check.
 * @throws DuplicateNameError (OFFLOOP_DUPLICATE_NAME)
 */
export function declareStore(declaration: Declaration): Carried<unknown> {
  const record: StoreRecord = Object.freeze({ ...declaration, whenAbsent: inCleanRoot(() => declaration.store.getStore()) });
  registerStore(record);
  return record;
}

function checkCarry<T, W>(options: CarryOptions<T, W>): CarryOptions<T, W> {
  const checked = checkOptions<CarryOptions<T, W>>('carry()', options, table);
  if ((checked.name as string | undefined) === undefined) throw new OptionError("carry(): the store needs a name: carry(import.meta, store, { name: 'request' }).");
  const symbol = checked.pick?.find((key) => typeof key === 'symbol');
  if (symbol !== undefined) {
    throw new OptionError(`carry('${checked.name}'): \`pick\` cannot name ${String(symbol)}: each thread has symbols of its own. Pass an \`encode\` and a \`decode\`.`);
  }
  if (checked.pick !== undefined && checked.encode !== undefined) {
    throw new OptionError(`carry('${checked.name}'): pass \`pick\` or \`encode\`, not both: \`encode\` itself chooses what travels.`);
  }
  return checked;
}

/** Accepts the shape as well as the class, for a store from a polyfill or another realm. */
function isStore(store: unknown): boolean {
  if (store instanceof AsyncLocalStorage) return true;
  const shape = store as Partial<AsyncLocalStorage<unknown>> | null | undefined;
  return typeof shape === 'object' && typeof shape?.getStore === 'function' && typeof shape.run === 'function' && typeof shape.enterWith === 'function';
}

function isStandardSchema(value: unknown): boolean {
  // A schema may be a function too (arktype's are).
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !('~standard' in value)) return false;
  const standard = value['~standard'] as Partial<StandardSchemaV1.Props> | undefined;
  return typeof standard?.validate === 'function';
}
