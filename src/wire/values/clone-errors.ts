import { types } from 'node:util';

import { Object, ArrayBuffer, String } from '../../node/intrinsics.ts';
import { describe, errorText, instanceName } from '../../validation/describe.ts';
import { NotCloneableError } from '../../errors.ts';
import { isBuiltIn, isPlain, isPlatformObject, isShared, isTransferOnly, keepsClass, losesFileName, type Channel } from './structured-clone.ts';
import { pathText, type ValuePath } from './value-parts.ts';

/**
 * Refuses an object that structured clone would change without an error: a class instance arrives as a plain object, a symbol key not
 * at all. Objects that structured clone itself refuses are left to it.
 * @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE)
 */
export function refuseChanged(path: ValuePath, root: string, channel: Channel): void {
  const object = path.value as object;
  if (isPlain(object)) refuseSymbols(object, root, path);
  else if (isBuiltIn(object)) refuseBuiltIn(object, root, path, channel);
  else if (!isPlatformObject(object)) throw losesClassError(object, pathText(root, path));
  else refusePlatformObject(object, root, path, channel);
}

function refuseSymbols(object: object, root: string, holder: ValuePath): void {
  const symbol = Object.getOwnPropertySymbols(object).find((key) => Object.prototype.propertyIsEnumerable.call(object, key));
  if (symbol === undefined) return;
  const path = `${pathText(root, holder)}.${String(symbol)}`;
  throw new NotCloneableError(`\`${path}\` has a symbol for its key, which would vanish on the way. Use a string.`, path);
}

function refuseBuiltIn(object: object, root: string, path: ValuePath, channel: Channel): void {
  if (!keepsClass(object)) throw losesClassError(object, pathText(root, path));
  if (channel === 'bytes' && isShared(object)) throw notToProcessError(object, pathText(root, path), ArrayBuffer.isView(object) ? ' on shared memory' : '');
}

function refusePlatformObject(object: object, root: string, path: ValuePath, channel: Channel): void {
  if (channel === 'bytes') throw notToProcessError(object, pathText(root, path));
  if (isTransferOnly(object)) throw notTransferredError(object, pathText(root, path));
  if (losesFileName(object)) throw losesClassError(object, pathText(root, path));
}

function notToProcessError(object: object, path: string, note = ''): NotCloneableError {
  return new NotCloneableError(
    `\`${path}\` is ${instanceName(object)}${note}, which cannot cross to another process. Pass the data that it consists of, or use the runtime 'threads'.`,
    path,
  );
}

function notTransferredError(object: object, path: string): NotCloneableError {
  return new NotCloneableError(
    `\`${path}\` is ${instanceName(object)}, which cannot be copied. Transfer it: list it in \`transfer\`, or return it with move(value, [it]).`,
    path,
  );
}

function losesClassError(object: object, path: string): NotCloneableError {
  return new NotCloneableError(
    `\`${path}\` is ${instanceName(object)}, which would arrive without its class. Pass plain data, and build the instance on the other side.`,
    path,
  );
}

/** For a value that structured clone has refused. */
export function refusedError(root: string, culprit: ValuePath, cause: unknown): NotCloneableError {
  const path = pathText(root, culprit);
  return new NotCloneableError(
    `\`${path}\` is ${describe(culprit.value)}, which cannot cross to another thread. Leave it out, or pass data from which it can be rebuilt.`,
    path,
    { cause },
  );
}

export function tooDeepError(root: string, cause: unknown): NotCloneableError {
  return new NotCloneableError(`\`${root}\` is nested too deeply to cross to another thread. Pass flatter data: a list instead of a chain.`, root, { cause });
}

/** The parts of a call that are sent. `args` go to the worker, the others to the caller. */
type Root = 'args' | 'result' | 'progress';

/**
 * For a value that has arrived and cannot be read on this side. Each side has a stack of its own size, so one side can write a chain of
 * objects that the other cannot read; and some values (a WebAssembly.Module) can be written for a process, but not read there.
 */
export function unreadableError(task: string, root: Root, cause: unknown): NotCloneableError {
  const what = `\`${root}\` of the task '${task}' cannot be read on ${root === 'args' ? "the worker's side" : "the caller's side"}`;
  const message = isStackOverflow(cause)
    ? `${what}: it is nested too deeply for the stack there. Pass flatter data: a list instead of a chain.`
    : `${what}: ${errorText(cause)}. Pass plain data, without getters that change their answer.`;
  return new NotCloneableError(message, root, { cause });
}

/** Structured clone calls itself for each level. The cause may be any value, since a getter may have thrown it. */
export function isStackOverflow(cause: unknown): boolean {
  try {
    return types.isNativeError(cause) && cause.name === 'RangeError' && cause.message.includes('call stack');
  } catch {
    return false;
  }
}
