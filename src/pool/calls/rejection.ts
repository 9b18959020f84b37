import { isLoadedByRunner } from '../../context/module-ref.ts';
import { OffloopError } from '../../errors.ts';
import { allExports, loadExports, type Namespace } from '../../task/module-exports.ts';
import { isOwnFrame } from '../../node/stack-frames.ts';
import type { TaskRecord } from '../../task/registry.ts';
import { needExports } from '../../wire/errors/error-classes.ts';
import type { ErrorClasses, ErrorRepair } from '../../wire/errors/error-repairs.ts';
import { decodeThrow, type EncodedThrow } from '../../wire/values/thrown.ts';

/** How a call failed. The error of a refusal is made where the caller waits, so that its stack leads to the caller. */
export type Failure =
  | { readonly type: 'threw'; readonly thrown: EncodedThrow }
  | { readonly type: 'refused'; readonly reason: () => unknown };

const microtask = Promise.resolve();

/**
 * Rejects with the error of a failed call. The call's promise is resolved with this promise, so an error that is made here has
 * the caller's `at async` frames: V8 finds them by following the promises that wait. A caller's stack then costs nothing until
 * a call fails.
 */
export async function rejectWith(failure: Failure, task: TaskRecord): Promise<never> {
  // The caller's promise is linked to this one only after two microtasks: the first one runs before the link is made.
  await microtask;
  await microtask;
  if (failure.type === 'refused') throw withCallersStack(failure.reason());
  const frames = callerFrames(task.name);
  throw decodeThrow(failure.thrown, await classesFor(failure.thrown.repairs?.errors ?? [], task), frames);
}

/** The frames to show beneath the worker's frames: a line for the hop to the worker, then the caller's frames. */
function callerFrames(name: string): string {
  const frames = currentFrames();
  return `\n    at task '${name}' (offloop worker)${frames.map((line) => `\n${line}`).join('')}`;
}

/** Finds error classes among the exports of the task's module. A task made by `offload()` has its module loaded here already. */
export function classesFor(errors: readonly ErrorRepair[], { fn, module, ref, errors: registered }: TaskRecord): ErrorClasses | Promise<ErrorClasses> {
  if (fn === undefined || !needExports(errors, registered) || isLoadedByRunner(ref)) return { registered, exports: {} };
  return loadedExports(module).then((exports) => ({ registered, exports }), () => ({ registered, exports: {} }));
}

async function loadedExports(module: string): Promise<Namespace> {
  return allExports(await loadExports(module, (url) => import(url) as Promise<Namespace>));
}

/** Gives one of offloop's errors its caller's stack: the place in the pool where the error was made tells nothing. */
function withCallersStack(reason: unknown): unknown {
  if (!(reason instanceof OffloopError)) return reason;
  const frames = currentFrames();
  if (frames.length > 0) reason.stack = [`${reason.name}: ${reason.message}`, ...frames].join('\n');
  return reason;
}

function currentFrames(): string[] {
  const stack = currentStack();
  if (typeof stack !== 'string') return [];
  return stack.split('\n').filter((line) => line.startsWith('    at ') && !isOwnFrame(line));
}

/** A user's Error.prepareStackTrace may return any value, and may throw. */
function currentStack(): unknown {
  try {
    return new Error().stack;
  } catch {
    return undefined;
  }
}
