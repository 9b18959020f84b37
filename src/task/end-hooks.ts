import { Promise } from '../node/intrinsics.ts';
import { inCleanRoot } from '../context/root.ts';
import { describe } from '../validation/describe.ts';
import { OptionError } from '../errors.ts';
import { shared } from '../shared/shared.ts';
import { warn } from '../node/warnings.ts';
import type { EndHooksNotice, WarningNotice } from '../wire/messages/notices.ts';

/** What a worker has to say besides its answers, once it can. */
const side = shared('worker side', () => ({
  hooks: new Set<() => unknown>(),
  tell: undefined as ((notice: EndHooksNotice | WarningNotice) => void) | undefined,
}));

/**
 * Registers what is to be done in this worker before its pool ends it: flush spans, logs, a file. Call it at the top level of a
 * module that the worker loads. The hook is called when the worker is replaced (`maxTasksPerWorker`, `maxMemoryBeforeRecycle`,
 * `isolate`), has been idle for `idleTimeout`, or the pool closes; all hooks together may take `endGrace` ms (a pool's option, default
 * 2000). A worker that is ended while its task runs (a timeout, an abort) or that crashes calls none, nor does one whose process ends
 * before its pool is closed. Outside of a worker, inline ones included, it is never called.
 *
 * @example
 * const log = createWriteStream('worker.log');
 * beforeWorkerEnds(() => finished(log.end()));
 *
 * @param hook may return a promise; what it throws is a process warning
 * @returns takes the hook off again
 * @throws OptionError (OFFLOOP_OPTION)
 */
export function beforeWorkerEnds(hook: () => unknown): () => void {
  if (typeof hook !== 'function') throw new OptionError(`beforeWorkerEnds(): expected a function, got ${describe(hook)}.`);
  side.hooks.add(hook);
  side.tell?.({ type: 'hooks' });
  return () => { side.hooks.delete(hook); };
}

/** To be called when the worker can tell its pool. */
export function connectSide(tell: NonNullable<typeof side.tell>): void {
  side.tell = tell;
  if (side.hooks.size > 0) tell({ type: 'hooks' });
}

/** A warning of this process: a worker leaves it to the pool, since each has warnings of its own. */
export function warnOnce(code: string, message: string): void {
  if (side.tell !== undefined) side.tell({ type: 'warning', code, message });
  else emitOnce(code, message);
}

const emitted = shared('warnings', () => new Set<string>());

export function emitOnce(code: string, message: string): void {
  if (emitted.has(code)) return;
  emitted.add(code);
  warn(code, message);
}

/** Never rejects. */
export async function runEndHooks(): Promise<void> {
  await Promise.all([...side.hooks].map((hook) => inCleanRoot(() => runHook(hook))));
}

async function runHook(hook: () => unknown): Promise<void> {
  try {
    await hook();
  } catch (error) {
    const message = error instanceof Error ? error.message : describe(error);
    warnOnce('OFFLOOP_END_HOOK', `What beforeWorkerEnds() had registered in a worker failed: ${message}. The worker ends all the same.`);
  }
}
