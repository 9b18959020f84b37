import { types } from 'node:util';

import { describe } from '../describe.ts';
import { NotCloneableError } from '../errors.ts';
import { children, show, type Place } from './places.ts';

/**
 * After structured clone has refused a value: the error that names the place inside it.
 * Clones piece by piece, which only a value that failed has to pay for.
 */
export function explainUncloneable(value: unknown, root: string, cause: unknown, clone: Clone = structuredClone): NotCloneableError {
  if (isOverflow(cause)) return new NotCloneableError(`\`${root}\` is nested too deeply to cross to another thread. Pass flatter data: a list instead of a chain.`, root, { cause });
  const culprit = findUncloneable({ value, parent: undefined, step: '' }, clone);
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
  const reason = types.isNativeError(cause) ? cause.message : describe(cause);
  return new NotCloneableError(
    `The list of what to hand over instead of copying it cannot be used: ${reason}. ` +
      'List each ArrayBuffer or MessagePort once, and none that was handed over before.',
    'transfer',
    { cause },
  );
}

/** How the value would have crossed: `structuredClone` to a thread, `v8.serialize` to a process. */
type Clone = (value: unknown) => unknown;

/** Every level clones all that is below it. */
const MAX_DEPTH = 100;

function findUncloneable(outermost: Place, clone: Clone): Place {
  const seen = new Set([outermost.value]);
  let culprit = outermost;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const inner = uncloneableChild(culprit, seen, clone);
    if (inner === undefined) break;
    seen.add(inner.value);
    culprit = inner;
  }
  return culprit;
}

function uncloneableChild(place: Place, seen: ReadonlySet<unknown>, clone: Clone): Place | undefined {
  for (const child of children(place)) if (!seen.has(child.value) && !isCloneable(child.value, clone)) return child;
  return undefined;
}

/** Structured clone calls itself for each level. Anything may be the cause, since a getter may have thrown it. */
function isOverflow(cause: unknown): boolean {
  try {
    return types.isNativeError(cause) && cause.name === 'RangeError' && cause.message.includes('call stack');
  } catch {
    return false;
  }
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
