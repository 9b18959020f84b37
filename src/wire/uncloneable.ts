import { describe } from '../describe.ts';
import { NotCloneableError } from '../errors.ts';
import { children, show, type Place } from './places.ts';

/**
 * After structured clone has refused a value: the error that names the place inside it.
 * Clones piece by piece, which only a value that failed has to pay for.
 */
export function explainUncloneable(value: unknown, root: string, cause: unknown, clone: Clone = structuredClone): NotCloneableError {
  const culprit = findUncloneable({ value, parent: undefined, step: '' }, new Set(), clone);
  const place = show(root, culprit);
  return new NotCloneableError(
    `\`${place}\` is ${describe(culprit.value)}, which cannot cross to another thread. Leave it out, or pass data that it can be rebuilt from.`,
    place,
    { cause },
  );
}

/** After a message could not be posted: the value at fault, or the list of what to hand over. */
export function explainUnsent(value: unknown, root: string, transfer: readonly unknown[] | undefined, cause: unknown): NotCloneableError {
  if (transfer === undefined || !isCloneable(value)) return explainUncloneable(value, root, cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NotCloneableError(
    `The list of what to hand over instead of copying it cannot be used: ${reason}. ` +
      'List each ArrayBuffer or MessagePort once, and none that was handed over before.',
    'transfer',
    { cause },
  );
}

/** How the value would have crossed: `structuredClone` to a thread, `v8.serialize` to a process. */
type Clone = (value: unknown) => unknown;

function findUncloneable(place: Place, seen: Set<unknown>, clone: Clone): Place {
  seen.add(place.value);
  for (const child of children(place)) {
    if (!seen.has(child.value) && !isCloneable(child.value, clone)) return findUncloneable(child, seen, clone);
  }
  return place;
}

export function isCloneable(value: unknown, clone: Clone = structuredClone): boolean {
  if (typeof value === 'function' || typeof value === 'symbol') return false;
  if (typeof value !== 'object' || value === null) return true;
  try {
    clone(value);
    return true;
  } catch {
    return false;
  }
}
