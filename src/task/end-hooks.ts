import { Promise, Set } from '../node/intrinsics.ts';
import { inCleanRoot } from '../context/root.ts';
import { describe } from '../validation/describe.ts';
import { OptionError } from '../errors.ts';
import { shared } from '../shared/shared.ts';
import { tellPool, warnViaPool } from './notices.ts';

const hooks = shared('end hooks', () => new Set<() => unknown>());

/**
 * Registers what is to be done in this worker before its pool ends it: flush spans, logs, a file. Call it at the top level of a
 * module that the worker loads. The hook is called when the worker is replaced (`maxTasksPerWorker`, `maxMemoryBeforeRecycle`,
 * `isolate`), has been idle for `idleTimeout`, or the pool closes; all hooks together may take `endGrace` ms (a pool's option, default
 * 2000). A worker that is ended while its task runs (a timeout, an abort) or that crashes calls no hook, nor does a worker whose process
 * ends before its pool is closed. Outside of a worker, inline ones included, the hook is never called.
 *
 * @example
 * const log = createWriteStream('worker.log');
 * beforeWorkerEnds(() => finished(log.end()));
 *
 * @param hook may return a promise; what it throws becomes a process warning (OFFLOOP_END_HOOK)
 * @returns a function that removes the hook
 * @throws OptionError (OFFLOOP_OPTION)
 */
export function beforeWorkerEnds(hook: () => unknown): () => void {
  if (typeof hook !== 'function') throw new OptionError(`beforeWorkerEnds(): expected a function, got ${describe(hook)}.`);
  hooks.add(hook);
  announceEndHooks();
  return () => { hooks.delete(hook); };
}

/** Tells the pool to run this worker's hooks before it ends the worker. A worker's host calls this for hooks that are older than the connection. */
export function announceEndHooks(): void {
  if (hooks.size > 0) tellPool({ type: 'hooks' });
}

/** Never rejects. */
export async function runEndHooks(): Promise<void> {
  await Promise.all([...hooks].map((hook) => inCleanRoot(() => runHook(hook))));
}

async function runHook(hook: () => unknown): Promise<void> {
  try {
    await hook();
  } catch (error) {
    const message = error instanceof Error ? error.message : describe(error);
    warnViaPool('OFFLOOP_END_HOOK', `A hook of beforeWorkerEnds() failed in a worker: ${message}. The worker ends all the same.`);
  }
}
