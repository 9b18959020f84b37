import { ArrayBuffer, SharedArrayBuffer } from '../../node/intrinsics.ts';
import { CloneabilityCheck, type PrepareOptions, type Prepared } from './cloneability-check.ts';
import { NOT_SIMPLE, simpleSize } from './simple.ts';
import { transferredBy } from './structured-clone.ts';

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
 * @returns undefined where the list can be sent as it is
 * @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE)
 */
export function prepareList(list: readonly unknown[], root: string, options: PrepareOptions): Prepared<readonly unknown[]> | undefined {
  return new CloneabilityCheck(options).list(list, root);
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
  let size = 1;
  for (const item of list) {
    if (typeof item === 'object' && item !== null && !transferred.includes(item)) return NOT_SIMPLE;
    size += sizeOfLeaf(item);
  }
  return size;
}

/** The size of a value without parts: the length of a text, the bytes of binary data, else 1. */
export function sizeOfLeaf(value: unknown): number {
  if (typeof value === 'string') return value.length + 1;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return value.byteLength + 1;
  return 1;
}
