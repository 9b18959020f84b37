import { errorText } from '../../validation/describe.ts';
import { NotCloneableError } from '../../errors.ts';
import { isOverflow } from './uncloneable.ts';

/** What it is that was sent. `args` go to the worker, all else to the caller. */
type Root = 'args' | 'result' | 'progress';

/**
 * What was sent arrived, and cannot be read on this side: each side has a stack of its own size, so one can write a chain of
 * objects that the other cannot read; and some values (a WebAssembly.Module) can be written for a process, but not read there.
 */
export function unreadableError(task: string, root: Root, cause: unknown): NotCloneableError {
  const what = `\`${root}\` of the task '${task}' cannot be read on ${root === 'args' ? "the worker's side" : "the caller's side"}`;
  const message = isOverflow(cause)
    ? `${what}: it is nested too deeply for the stack there. Pass flatter data: a list instead of a chain.`
    : `${what}: ${errorText(cause)}. Pass plain data, without getters that change their answer.`;
  return new NotCloneableError(message, root, { cause });
}
