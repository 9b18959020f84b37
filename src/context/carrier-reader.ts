import { Object, Array } from '../node/intrinsics.ts';
import { describe, shortened, typeName } from '../validation/describe.ts';
import { ContextError } from '../errors.ts';
import { ownValues } from '../node/own-properties.ts';
import type { CallStores } from './call-stores.ts';
import type { StoreText } from './encoding/text-cache.ts';
import { wireName } from './stores/names.ts';
import { findStore } from './stores/registry.ts';

/**
 * The carried stores at one moment, as plain JSON: put it in any message. Each store is JSON text, so that nothing that
 * happens to the message on its way can change a part of it unnoticed.
 */
export interface Carrier {
  readonly version: 1;
  readonly stores: Readonly<Record<string, string>>;
  /** For each store that an installed package has declared, by the store's name: which package, `library@1.2.0`. */
  readonly packages?: Readonly<Record<string, string>>;
  /** Epoch ms, when `withDeadline` was in force. */
  readonly deadline?: number;
}

/** A carrier's content. */
export interface CarrierParts {
  readonly stores: CallStores;
  /** Epoch ms. */
  readonly deadline: number | undefined;
}

/**
 * A carrier comes from a message, so anybody may have written it: its shape is checked before anything of it is used, and
 * each part is read once, since a getter may answer with something else the next time.
 * @throws ContextError (OFFLOOP_CONTEXT)
 */
export function readCarrier(carrier: unknown): CarrierParts {
  try {
    return partsOf(carrier);
  } catch (error) {
    if (error instanceof ContextError) throw error;
    throw new ContextError(`Not a carrier: the value cannot be read. ${remedy}`, '', '', { cause: error });
  }
}

const remedy = 'Pass on, unchanged, what capture() returned.';

function partsOf(carrier: unknown): CarrierParts {
  const [version, stores, deadline, packages] = ownValues<keyof Carrier>(carrier, ['version', 'stores', 'deadline', 'packages']);
  if (version !== 1) throw badCarrier(`its version is ${shown(version)}, and this offloop reads version 1`);
  if (typeof stores !== 'object' || stores === null || Array.isArray(stores)) throw badCarrier(`its \`stores\` is ${shown(stores)}`);
  if (deadline !== undefined && !Number.isFinite(deadline)) throw badCarrier(`its \`deadline\` is ${shown(deadline)}`);
  const read: StoreText[] = [];
  for (const [name, text] of Object.entries(stores as Record<string, unknown>)) {
    if (typeof text !== 'string') throw new ContextError(`The carrier's store '${shortened(name)}' is not text. ${remedy}`, name);
    read.push({ name: longName(name, packages), text, number: 0 });
  }
  return { stores: read, deadline: deadline as number | undefined };
}

function badCarrier(problem: string): ContextError {
  return new ContextError(`Not a carrier: ${problem}. ${remedy}`, '');
}

/** Shows only the type of most values: a carrier that was taken apart may have a sensitive store's text in any place. */
function shown(value: unknown): string {
  return typeof value === 'number' || value === undefined || value === null ? describe(value) : `of the type \`${typeName(value)}\``;
}

/** The name with the copy of the package that the carrier's `packages` gives for the store, where several copies are loaded here. */
function longName(name: string, packages: unknown): string {
  const [hint] = ownValues(packages, [name]);
  const record = findStore(typeof hint === 'string' ? `${name}@${hint}` : name);
  return record === undefined ? name : wireName(record);
}
