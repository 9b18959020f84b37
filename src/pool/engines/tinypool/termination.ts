import type { Worker } from 'node:worker_threads';

import { clearTimeout } from '../../../node/clock.ts';
import { unrefTimer } from '../../../node/timers.ts';
import { inspectorLock } from '../worker-stack/inspector-lock.ts';
import { workerOf, type Handle, type Life } from './tinypool-worker.ts';

/** How soon a thread that has not ended is told again, in ms; the pause is doubled each time, up to the longest. */
const RETRY_MS = 100;
const LONGEST_MS = 3200;
/** How long a process may take to end by itself, in ms. */
const KILL_AFTER_MS = 1000;

/**
 * Node (seen in 20, 22 and 26) forgets that a thread is to end when the inspector evaluates an expression in the thread at that moment,
 * as it does to read a worker's stack. The thread would spin on, and its pool never close.
 */
export function retryTerminate({ thread, process: child }: Handle, gone: Promise<unknown>): void {
  let timer: NodeJS.Timeout | undefined;
  const retry = (thread: Worker, ms: number): void => {
    timer = unrefTimer(() => {
      terminateAgain(thread);
      retry(thread, Math.min(LONGEST_MS, 2 * ms));
    }, ms);
  };
  if (thread !== undefined) retry(thread, RETRY_MS);
  else {
    // tinypool kills the process and keeps this one alive until then as well, but by a timer that a test may have faked.
    child?.ref();
    timer = unrefTimer(() => child?.kill('SIGKILL'), KILL_AFTER_MS);
  }
  void gone.then(() => { clearTimeout(timer); });
}

/** Each `terminate()` adds a listener for its promise, which is not awaited here: eleven of them would cause a warning. */
function terminateAgain(thread: Worker): void {
  const before = thread.rawListeners('exit');
  void thread.terminate();
  const added = thread.rawListeners('exit').filter((listener) => !before.includes(listener));
  for (const listener of added) thread.off('exit', listener as () => void);
}

/**
 * While tinypool waits for a worker's end by `events.once()`, an error of the worker removes the listeners again, and tinypool's
 * handle has no `removeListener`: the TypeError would be thrown in this process, and end it.
 */
export function letOnceCleanUp(handle: Handle): void {
  handle.removeListener = (event, listener) => { workerOf(handle)?.removeListener(event, listener); };
}

/**
 * Ends a worker that cannot run tasks any more, for example since a task has replaced globals that tinypool needs there. Its exit fails
 * the calls, and another worker takes its place.
 */
export function breakWorker(handle: Handle, life: Life, cause: unknown): void {
  if (life.state !== 'running') return;
  life.state = 'broken';
  life.brokenBy = { cause };
  handle.process?.kill('SIGKILL');
  void inspectorLock.end(async () => { await handle.thread?.terminate(); });
}
