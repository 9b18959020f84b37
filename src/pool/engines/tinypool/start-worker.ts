import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Tinypool } from 'tinypool';

import { ModuleLoadError } from '../../../errors.ts';
import type { WorkerEvents, WorkerOptions } from '../engine.ts';
import { watchExit } from './exit.ts';
import { ignoreForeignMessages, ignoreForgedMessages } from './foreign-messages.ts';
import { Posting } from './posting.ts';
import { noteListeners } from './response-port.ts';
import { letOnceCleanUp, retryTerminate } from './termination.ts';
import { workerOf, type Handle, type Life, type TinypoolProcess, type TinypoolThread, type TinypoolWorker } from './tinypool-worker.ts';
import { startWith, type TinypoolRuntime, type WorkerFlags } from './worker-flags.ts';

// Beside this file in dist. Bundlers look for exactly this expression.
const entry = fileURLToPath(new URL('./entry.js', import.meta.url));

export function startThread(options: WorkerOptions, events: WorkerEvents): TinypoolThread {
  return start('worker_threads', options, events) as TinypoolThread;
}

export function startProcess(options: WorkerOptions, events: WorkerEvents): TinypoolProcess {
  return start('child_process', options, events) as TinypoolProcess;
}

/**
 * Starts one tinypool of one worker. So the choice of the worker, its end and its replacement are offloop's: tinypool's own queue stalls
 * behind an uncloneable argument, its crash handling rejects the other workers' calls, and its abort loses the reason.
 */
function start(runtime: TinypoolRuntime, options: WorkerOptions, events: WorkerEvents): TinypoolWorker & Handle {
  assertEntry();
  const create = (flags: WorkerFlags): Tinypool => new Tinypool({ runtime, filename: entry, minThreads: 1, maxThreads: 1, workerData: ['offloop', options.number], ...flags });
  const { made: pool, listeners } = startWith((flags) => noteListeners(() => create(flags)), runtime, options);
  const handle = pool.threads[0] as Handle;
  // The worker has been told to use Atomics. On this side they would make tinypool read responses outside of the port's listener,
  // where a response that cannot be read is thrown.
  pool.options.useAtomics = false;
  if (handle.thread !== undefined) ignoreForeignMessages(handle.thread);
  if (handle.process !== undefined) ignoreForgedMessages(handle.process);
  // The exit reports an idle worker's error; without a listener the error would end this process.
  pool.on('error', () => undefined);
  const life: Life = { state: 'running', brokenBy: undefined };
  const posting = new Posting(pool, handle, life, listeners);
  const gone = new Promise((resolve) => workerOf(handle)?.once('exit', resolve));
  letOnceCleanUp(handle);
  watchExit(pool, handle, events, life);
  return {
    thread: handle.thread!,
    process: handle.process!,
    post: (message, transfer, callbacks) => { posting.post(message, transfer, callbacks); },
    terminate: async () => {
      life.state = 'ending';
      retryTerminate(handle, gone);
      // Ignore errors while the worker terminates: no task is left to blame.
      await pool.destroy().catch(() => gone);
    },
  };
}

let isEntryThere = false;

function assertEntry(): void {
  isEntryThere ||= existsSync(entry);
  if (isEntryThere) return;
  throw new ModuleLoadError(
    `offloop could not start a worker: its entry is not at ${entry}. offloop was probably bundled into another file. ` +
      'Mark offloop and tinypool as external in the bundler, and install both next to the bundle.',
  );
}
