import { isLoadedByRunner } from '../../context/module-ref.ts';
import { OffloopError } from '../../errors.ts';
import { allExports, loadExports, type Namespace } from '../../task/module-exports.ts';
import { isOwnFrame } from '../../node/stack-frames.ts';
import type { TaskRecord } from '../../task/registry.ts';
import { needExports } from '../../wire/errors/error-classes.ts';
import type { ErrorClasses, ErrorRepair } from '../../wire/errors/error-repairs.ts';
import { decodeThrow, type EncodedThrow } from '../../wire/values/thrown.ts';

/** How a call failed. A refusal is made where the caller waits, so that its stack leads there. */
export type Failure =
  | { readonly type: 'threw'; readonly thrown: EncodedThrow }
  | { readonly type: 'refused'; readonly reason: () => unknown };

const turn = Promise.resolve();

/**
 * Rejects with what a call rejects with. The call's promise is resolved with this one: an error that is made here then
 * has the caller's `at async` frames, which V8 finds by following the promises that wait. So a caller's stack costs
 * nothing until something fails.
 */
export async function rejectWith(failure: Failure, task: TaskRecord): Promise<never> {
  // Only after two turns is the caller's promise linked to this one: the first runs before the link is made.
  await turn;
  await turn;
  if (failure.type === 'refused') throw withCallersStack(failure.reason());
  const frames = callerFrames(task.name);
  throw decodeThrow(failure.thrown, await classesFor(failure.thrown.repairs?.errors ?? [], task), frames);
}

/** Beneath the worker's frames: a line for the hop, then who called. */
function callerFrames(name: string): string {
  const frames = framesHere();
  return `\n    at task '${name}' (offloop worker)${frames.map((line) => `\n${line}`).join('')}`;
}

/** An error class that the task's module exports is found in the module, which `offload()` has shown to be loaded here. */
export function classesFor(errors: readonly ErrorRepair[], { fn, module, ref, errors: registered }: TaskRecord): ErrorClasses | Promise<ErrorClasses> {
  if (fn === undefined || !needExports(errors, registered) || isLoadedByRunner(ref)) return { registered, exports: {} };
  return loadedExports(module).then((exports) => ({ registered, exports }), () => ({ registered, exports: {} }));
}

async function loadedExports(module: string): Promise<Namespace> {
  return allExports(await loadExports(module, (url) => import(url) as Promise<Namespace>));
}

/** Where such an error was made tells nothing; it is the caller's stack that it needs. */
function withCallersStack(reason: unknown): unknown {
  if (!(reason instanceof OffloopError)) return reason;
  const frames = framesHere();
  if (frames.length > 0) reason.stack = [`${reason.name}: ${reason.message}`, ...frames].join('\n');
  return reason;
}

function framesHere(): string[] {
  const stack = stackHere();
  if (typeof stack !== 'string') return [];
  return stack.split('\n').filter((line) => line.startsWith('    at ') && !isOwnFrame(line));
}

/** An Error.prepareStackTrace of the user's may make anything of it, and may throw. */
function stackHere(): unknown {
  try {
    return new Error().stack;
  } catch {
    return undefined;
  }
}
