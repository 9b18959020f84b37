import { CloneabilityCheck, type PrepareOptions, type Prepared } from './cloneability-check.ts';
import { isSimple } from './simple.ts';
import { transferredBy } from './structured-clone.ts';

/**
 * Prepares a list of arguments to be cloned: refuses what structured clone would change without an error (a class instance arrives as a
 * plain object, a symbol key not at all), and makes the list of what is repaired on arrival: Buffers, errors, and views of a larger
 * buffer. Parts that structured clone itself refuses are left to it: see `explainUncloneable`.
 * @returns undefined where the list can be sent as it is
 * @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE)
 */
export function prepareList(list: readonly unknown[], root: string, options: PrepareOptions): Prepared<readonly unknown[]> | undefined {
  return isFlat(list, transferredIn(options)) || isSimple(list) ? undefined : new CloneabilityCheck(options).list(list, root);
}

/** The same for one value. */
export function prepareValue(value: unknown, root: string, options: PrepareOptions): Prepared | undefined {
  if (typeof value !== 'object' || value === null || transferredIn(options).includes(value) || isSimple(value)) return undefined;
  return new CloneabilityCheck(options).value(value, root);
}

function transferredIn({ channel, transfer = [] }: PrepareOptions): readonly unknown[] {
  return transferredBy(channel, transfer);
}

/** Most lists of arguments are short and have no objects but transferred ones: they need no check. */
function isFlat(list: readonly unknown[], transferred: readonly unknown[]): boolean {
  return list.length <= 8 && list.every((item) => typeof item !== 'object' || item === null || transferred.includes(item));
}
