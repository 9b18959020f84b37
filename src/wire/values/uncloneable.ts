import { Set, structuredClone } from '../../node/intrinsics.ts';
import { describe } from '../../validation/describe.ts';
import { NotCloneableError } from '../../errors.ts';
import { isError } from '../errors/is-error.ts';
import { isStackOverflow, refusedError, tooDeepError } from './clone-errors.ts';
import { isNeverCloneable } from './structured-clone.ts';
import { eachPart, type ValuePath } from './value-parts.ts';

/** How the value is copied: `structuredClone` for a thread, a serializer for a process. */
type Clone = (value: unknown) => unknown;

/** After structured clone has refused a value: the error that names the part at fault. */
export function explainUncloneable(value: unknown, root: string, cause: unknown, clone: Clone = structuredClone): NotCloneableError {
  if (isStackOverflow(cause)) return tooDeepError(root, cause);
  const outermost: ValuePath = { value, parent: undefined, step: '' };
  return refusedError(root, findNeverCloneable(outermost) ?? findByCloning(outermost, clone), cause);
}

/** After a message could not be posted: the error that names the part at fault, or the transfer list. */
export function explainUnsent(value: unknown, root: string, transfer: readonly unknown[] | undefined, cause: unknown, clone?: Clone): NotCloneableError {
  if (transfer === undefined || !isCloneable(value, clone)) return explainUncloneable(value, root, cause, clone);
  const reason = isError(cause) ? cause.message.replace(/\.$/, '') : describe(cause);
  return new NotCloneableError(
    `The transfer list cannot be used: ${reason}. ` +
      'List each ArrayBuffer or MessagePort once, none that was transferred before, and not the memory that small Buffers share.',
    'transfer',
    { cause },
  );
}

/** How many values the search visits, and how many it clones: the caller's thread waits for it. */
const VALUES = 1_000_000;
const CLONES = 1000;
/** Each level clones everything below. */
const MAX_DEPTH = 100;

/** Nearly always the culprit is a function, a symbol, a promise or a proxy, which is found without cloning. */
function findNeverCloneable(outermost: ValuePath): ValuePath | undefined {
  const seen = new Set<unknown>();
  const waiting = [outermost];
  let left = VALUES;
  for (const path of waiting) {
    if (isNeverCloneable(path.value)) return path;
    let culprit: ValuePath | undefined;
    eachPart(path.value as object, (value, step, key, isMapKey) => {
      if (left-- <= 0) return false;
      if (value === null || seen.has(value)) return true;
      const child = { value, parent: path, step, key, isMapKey };
      if (isNeverCloneable(value)) culprit = child;
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

/** Clones part after part, and follows the parts that cannot be cloned down to the innermost one. */
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

export function isCloneable(value: unknown, clone: Clone = structuredClone): boolean {
  if (typeof value !== 'object' || value === null) return !isNeverCloneable(value);
  try {
    clone(value);
    return true;
  } catch {
    return false;
  }
}
