import { types } from 'node:util';

import { Set, structuredClone } from '../../node/intrinsics.ts';
import { describe } from '../../validation/describe.ts';
import { NotCloneableError } from '../../errors.ts';
import { isError } from '../errors/error-repairs.ts';
import { eachPart } from './parts.ts';
import { show, type ValuePath } from './value-path.ts';

/** After structured clone has refused a value: the error that names the place inside it. */
export function explainUncloneable(value: unknown, root: string, cause: unknown, clone: Clone = structuredClone): NotCloneableError {
  if (isOverflow(cause)) return new NotCloneableError(`\`${root}\` is nested too deeply to cross to another thread. Pass flatter data: a list instead of a chain.`, root, { cause });
  const outermost: ValuePath = { value, parent: undefined, step: '' };
  const culprit = findByItself(outermost) ?? findByCloning(outermost, clone);
  const place = show(root, culprit);
  return new NotCloneableError(
    `\`${place}\` is ${describe(culprit.value)}, which cannot cross to another thread. Leave it out, or pass data that it can be rebuilt from.`,
    place,
    { cause },
  );
}

/** After a message could not be posted: the value at fault, or the list of what to hand over. */
export function explainUnsent(value: unknown, root: string, transfer: readonly unknown[] | undefined, cause: unknown, clone?: Clone): NotCloneableError {
  if (transfer === undefined || !isCloneable(value, clone)) return explainUncloneable(value, root, cause, clone);
  const reason = isError(cause) ? cause.message.replace(/\.$/, '') : describe(cause);
  return new NotCloneableError(
    `The list of what to hand over instead of copying it cannot be used: ${reason}. ` +
      'List each ArrayBuffer or MessagePort once, none that was handed over before, and not the memory that small Buffers share.',
    'transfer',
    { cause },
  );
}

/** How the value would have crossed: `structuredClone` to a thread, a serializer to a process. */
type Clone = (value: unknown) => unknown;

/** How many values are looked at, and how many are cloned, to find the culprit: the caller's thread waits for it. */
const VALUES = 1_000_000;
const CLONES = 1000;
/** Every level clones all that is below it. */
const MAX_DEPTH = 100;

/** Nearly always it is a function, a symbol, a promise, a proxy: no clone is needed to know these. */
function findByItself(outermost: ValuePath): ValuePath | undefined {
  const seen = new Set<unknown>();
  const waiting = [outermost];
  let left = VALUES;
  for (const place of waiting) {
    if (isUncloneableByItself(place.value)) return place;
    let culprit: ValuePath | undefined;
    eachPart(place.value as object, (value, step, key, isMapKey) => {
      if (left-- <= 0) return false;
      if (value === null || seen.has(value)) return true;
      const child = { value, parent: place, step, key, isMapKey };
      if (isUncloneableByItself(value)) culprit = child;
      else if (typeof value === 'object') {
        seen.add(value);
        waiting.push(child);
      }
      return culprit === undefined;
    });
    if (culprit !== undefined) return culprit;
  }
  return undefined;
}

function isUncloneableByItself(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'function' || typeof value === 'symbol';
  return types.isProxy(value) || types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value) || types.isGeneratorObject(value);
}

/** Piece by piece. */
function findByCloning(outermost: ValuePath, clone: Clone): ValuePath {
  const seen = new Set([outermost.value]);
  const budget = { left: CLONES };
  let culprit = outermost;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const inner = uncloneablePart(culprit, seen, clone, budget);
    if (inner === undefined) break;
    seen.add(inner.value);
    culprit = inner;
  }
  return culprit;
}

function uncloneablePart(parent: ValuePath, seen: ReadonlySet<unknown>, clone: Clone, budget: { left: number }): ValuePath | undefined {
  let culprit: ValuePath | undefined;
  eachPart(parent.value as object, (value, step, key, isMapKey) => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return true;
    if (budget.left-- <= 0) return false;
    if (!isCloneable(value, clone)) culprit = { value, parent, step, key, isMapKey };
    return culprit === undefined;
  });
  return culprit;
}

/** Structured clone calls itself for each level. Anything may be the cause, since a getter may have thrown it. */
export function isOverflow(cause: unknown): boolean {
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
