import { CloneabilityCheck, type PrepareOptions, type Prepared } from './cloneability-check.ts';
import { NOT_SIMPLE, simpleSize } from './simple.ts';
import { sizeOfLeaf, type Size } from '../size.ts';
import { transferredBy } from './structured-clone.ts';

/** A list that was prepared, and its size, which the same walk has counted: so no getter is called for the size alone. */
export interface PreparedList extends Size {
  readonly prepared: Prepared<readonly unknown[]> | undefined;
}

/**
 * The size of a list of arguments that can be sent as it is: the number of its values, the length of its texts, the bytes of its
 * transferred buffers.
 * @returns NOT_SIMPLE where `prepareList()` has to look at the list
 */
export function sizeOfSimpleList(list: readonly unknown[], options: PrepareOptions): number {
  const size = sizeOfFlat(list, transferredIn(options));
  return size === NOT_SIMPLE ? simpleSize(list) : size;
}

/**
 * Prepares a list of arguments to be cloned: refuses what structured clone would change without an error (a class instance arrives as a
 * plain object, a symbol key not at all), and makes the list of what is repaired on arrival: Buffers, errors, and views of a larger
 * buffer. Parts that structured clone itself refuses are left to it: see `explainUncloneable`.
 * @returns `prepared` is undefined where the list can be sent as it is
 * @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE)
 */
export function prepareList(list: readonly unknown[], root: string, options: PrepareOptions): PreparedList {
  const check = new CloneabilityCheck(options);
  const prepared = check.list(list, root);
  return { prepared, size: check.size, isPartial: check.isPartial };
}

/** The same for one value. */
export function prepareValue(value: unknown, root: string, options: PrepareOptions): Prepared | undefined {
  if (typeof value !== 'object' || value === null || transferredIn(options).includes(value) || simpleSize(value) !== NOT_SIMPLE) return undefined;
  return new CloneabilityCheck(options).value(value, root);
}

function transferredIn({ channel, transfer = [] }: PrepareOptions): readonly unknown[] {
  return transferredBy(channel, transfer);
}

/** Most lists of arguments are short and have no objects but transferred ones: they need no check. */
function sizeOfFlat(list: readonly unknown[], transferred: readonly unknown[]): number {
  if (list.length > 8) return NOT_SIMPLE;
  let size = list.length + 1;
  for (const item of list) {
    if (typeof item === 'string') size += item.length;
    else if (typeof item === 'object' && item !== null) {
      if (!transferred.includes(item)) return NOT_SIMPLE;
      size += sizeOfLeaf(item) - 1;
    }
  }
  return size;
}
