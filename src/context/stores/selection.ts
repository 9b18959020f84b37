import { Array } from '../../node/intrinsics.ts';
import { describe } from '../../validation/describe.ts';
import { OptionError } from '../../errors.ts';
import { findDeclared, stores } from './registry.ts';
import type { Carried, StoreRecord } from './store-record.ts';

/**
 * The stores of a list, or all that were declared.
 * @throws OptionError (OFFLOOP_OPTION) when an item of the list is not what `carry()` returned.
 */
export function selectStores(call: string, only: readonly Carried<unknown>[] | undefined): Iterable<StoreRecord> {
  if (only === undefined) return stores.values();
  // Array.from() reads holes as undefined, which is then refused; `map()` would leave them as they are.
  return Array.from(only, (carried: unknown) => {
    const record = recordOf(carried);
    if (record === undefined) throw new OptionError(`${call}: expected what carry() returned, got ${describe(carried)}.`);
    return record;
  });
}

/**
 * The record behind what carry() returned; undefined where it is anything else. A module that is evaluated again declares its store anew:
 * what `carry()` returned to the first evaluation stands for the new declaration.
 */
export function recordOf(carried: unknown): StoreRecord | undefined {
  return findDeclared(carried);
}
