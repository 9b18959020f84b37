import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Transferable, Worker } from 'node:worker_threads';

import { Tinypool } from 'tinypool';

import { clearTimeout, queueMicrotask, setImmediate } from '../../../node/clock.ts';
import { ModuleLoadError } from '../../../errors.ts';
import { unrefTimer } from '../../../node/timers.ts';
import { inspectorLock } from '../worker-stack/inspector-lock.ts';
import type { WorkerEvents, WorkerExit, WorkerOptions } from '../engine.ts';
import { ignoreForeignMessages, ignoreForgedMessages } from './foreign-messages.ts';
import { findResponsePort, guardResponses } from './response-port.ts';
import { shortageIn } from '../shortage.ts';
import { Unread } from '../unread.ts';
import { startWith, type TinypoolRuntime, type WorkerFlags } from './worker-flags.ts';

/**
 * One tinypool of one worker, and all that offloop knows of tinypool's insides (version 2.2.0, pinned).
 *
 * A pool of one, so that the choice of the worker, its end and its replacement are ours: tinypool's own queue stalls
 * behind an uncloneable argument, its crash handling rejects the siblings, and its abort loses the reason.
 */
interface OneWorker {
  /**
   * To be called in the root context, as the other one is. Calls back once. When the worker ends first it does not: the worker's
   * exit tells more than tinypool's error does.
   */
  post(message: object, transfer: readonly Transferable[] | undefined, callbacks: PostCallbacks): void;
  terminate(): Promise<void>;
}

interface PostCallbacks {
  onAnswer(answer: unknown): void;
  /** The message cannot be sent. */
  onUnsent(cause: unknown): void;
  /** It was sent, and there is no answer that can be read. */
  onUnread(unread: Unread): void;
}

export interface Thread extends OneWorker {
  readonly thread: Worker;
}

export interface Process extends OneWorker {
  readonly process: ChildProcess;
}

interface Handle {
  readonly thread?: Worker;
  readonly process?: ChildProcess;
  removeListener?(event: string, listener: (...args: unknown[]) => void): void;
}

// Beside this file in dist. Bundlers look for exactly this expression.
const entry = fileURLToPath(new URL('./entry.js', import.meta.url));

export function startThread(options: WorkerOptions, events: WorkerEvents): Thread {
  return start('worker_threads', options, events) as Thread;
}

export function startProcess(options: WorkerOptions, events: WorkerEvents): Process {
  return start('child_process', options, events) as Process;
}

function start(runtime: TinypoolRuntime, options: WorkerOptions, events: WorkerEvents): OneWorker & Handle {
  assertEntry();
  const create = (flags: WorkerFlags): Tinypool => new Tinypool({ runtime, filename: entry, minThreads: 1, maxThreads: 1, workerData: 'offloop', ...flags });
  const { made: pool, found } = startWith((flags) => findResponsePort(() => create(flags)), runtime, options);
  const handle = pool.threads[0] as Handle;
  // The worker has been told already to use them. Here they would have tinypool read answers outside of the port's listener, where
  // one that cannot be read is thrown.
  pool.options.useAtomics = false;
  const unsent = new WeakSet<object>();
  if (found !== undefined) guardResponses(found, unsent);
  if (handle.thread !== undefined) ignoreForeignMessages(handle.thread);
  if (handle.process !== undefined) ignoreForgedMessages(handle.process);
  // An idle worker's error is told by its exit; without a listener it would end this process.
  pool.on('error', () => undefined);
  const life: Life = { isEnding: false, broken: undefined };
  const gone = new Promise((resolve) => workerOf(handle)?.once('exit', resolve));
  letOnceCleanUp(handle);
  watchExit(pool, handle, events, life);
  return {
    thread: handle.thread!,
    process: handle.process!,
    post: (message, transfer, { onAnswer, onUnsent, onUnread }) => {
      const settle = (answer: unknown): void => {
        // tinypool takes an uncaught `null` for no error, and calls the task done: the thread's exit tells what it was.
        if (life.isEnding && (answer === null || answer === undefined)) return;
        if (!(answer instanceof Unread)) onAnswer(answer);
        else if (answer.where !== 'failed') onUnread(answer);
        else if (!life.isEnding) breaks(handle, life, answer.cause);
      };
      // What cannot be sent is rejected at once, or when the worker has answered what tinypool had sent before, such as that it is to
      // rest. Otherwise it is the worker that could not take it in, or could not answer.
      let isSent = false;
      const failed = (cause: unknown): void => {
        if (life.isEnding) return;
        if (isSent && !unsent.has(message)) breaks(handle, life, cause);
        else onUnsent(cause);
      };
      void pool.run(message, transferOf(transfer)).then(settle, failed);
      queueMicrotask(() => { isSent = true; });
    },
    terminate: async () => {
      life.isEnding = true;
      retryTerminate(handle, gone);
      // What it throws on its way out is nobody's any more.
      await pool.destroy().catch(() => gone);
    },
  };
}

interface Life {
  isEnding: boolean;
  /** Why it is of no use any more. */
  broken: { readonly cause: unknown } | undefined;
}

/** What is left of a worker's globals is not enough for tinypool there, say: its exit fails the calls, and another one takes its place. */
function breaks(handle: Handle, life: Life, cause: unknown): void {
  if (life.broken !== undefined) return;
  life.broken = { cause };
  handle.process?.kill('SIGKILL');
  void inspectorLock.end(async () => { await handle.thread?.terminate(); });
}

/** When a thread that has not ended is told again, in ms; then after twice as long, and so on up to the longest. */
const AGAIN_AFTER = 100;
const LONGEST = 3200;
/** A process gets so long, in ms, to end by itself. */
const KILL_AFTER = 1000;

/**
 * Node (seen in 20, 22 and 26) forgets that a thread is to end when the inspector evaluates something in it at that moment, as
 * it does to find where a task is stuck, and late where the machine is busy. The thread would spin on, and its pool never close.
 */
function retryTerminate({ thread, process: child }: Handle, gone: Promise<unknown>): void {
  let timer: NodeJS.Timeout | undefined;
  const tellAgain = (thread: Worker, ms: number): void => {
    timer = unrefTimer(() => {
      terminateAgain(thread);
      tellAgain(thread, Math.min(LONGEST, 2 * ms));
    }, ms);
  };
  if (thread !== undefined) tellAgain(thread, AGAIN_AFTER);
  else {
    // tinypool does both, too, by a timer that a test may have faked: kills the process, and keeps this one alive until then.
    child?.ref();
    timer = unrefTimer(() => child?.kill('SIGKILL'), KILL_AFTER);
  }
  void gone.then(() => { clearTimeout(timer); });
}

/** Each `terminate()` adds a listener for its promise, which nobody waits for here: eleven of them would be a warning. */
function terminateAgain(thread: Worker): void {
  const before = thread.rawListeners('exit');
  void thread.terminate();
  const added = thread.rawListeners('exit').filter((listener) => !before.includes(listener));
  for (const listener of added) thread.off('exit', listener as () => void);
}

/**
 * While tinypool waits for a worker's end by `events.once()`, an error of the worker takes the listeners off again, and
 * tinypool's wrapper has no function for that: the TypeError would be thrown in this process, and end it.
 */
function letOnceCleanUp(handle: Handle): void {
  handle.removeListener = (event, listener) => { workerOf(handle)?.removeListener(event, listener); };
}

function workerOf({ thread, process: child }: Handle): Worker | ChildProcess | undefined {
  return thread ?? child;
}

const nothingToTransfer: NonNullable<Parameters<Tinypool['run']>[1]> = { transferList: [] };

function transferOf(transfer: readonly Transferable[] | undefined): NonNullable<Parameters<Tinypool['run']>[1]> {
  return transfer === undefined ? nothingToTransfer : { transferList: [...transfer] };
}

/** tinypool listens to `error` only: after `process.exit()` in a thread its promise would never settle. */
function watchExit(pool: Tinypool, handle: Handle, events: WorkerEvents, life: Life): void {
  const worker = workerOf(handle);
  let error: unknown;
  let stderrHead = '';
  let stderrTail = '';
  // Before tinypool's own listener, which would start a replacement; replacing is the pool's business.
  worker?.prependListener('error', (cause: unknown) => {
    error ??= cause;
    life.isEnding = true;
    pool.options.minThreads = 0;
  });
  handle.process?.stderr?.on('data', (chunk: Buffer) => {
    if (stderrHead.length < 4096) stderrHead += chunk.toString();
    stderrTail = (stderrTail + chunk.toString()).slice(-4096);
  });
  worker?.once('exit', (code: number | null, signal?: NodeJS.Signals | null) => {
    life.isEnding = true;
    const exit = describeExit({ code, signal: signal ?? undefined, error, stderrTail, isProcess: handle.process !== undefined });
    const how = life.broken && { error: asError(life.broken.cause), how: 'since it could not answer any more' };
    events.onExit({ ...exit, ...how, shortage: shortageIn(stderrHead) });
    void pool.destroy();
    if (handle.process === undefined) return;
    setImmediate(drainOutput, handle.process);
    // tinypool raises the limit with each process that it starts.
    for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(stream.getMaxListeners() - 1);
  });
}

/** tinypool has let go of the pipes by now: what the process wrote last would be lost, and the pipes never closed. */
function drainOutput({ stdout, stderr }: ChildProcess): void {
  stdout?.pipe(process.stdout);
  stderr?.pipe(process.stderr);
}

/** From a process it arrives as an object. */
function asError(cause: unknown): unknown {
  const { message, stack } = Object(cause) as { message?: unknown; stack?: unknown };
  return cause instanceof Error || typeof message !== 'string' ? cause : Object.assign(new Error(message), { stack });
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | undefined;
  readonly error: unknown;
  readonly stderrTail: string;
  readonly isProcess: boolean;
}

function describeExit({ code, signal, error, stderrTail, isProcess }: Ending): WorkerExit {
  const isOutOfMemory = (error as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY' || stderrTail.includes('heap out of memory');
  // A process's own error event says only that it ended.
  const thrown = isProcess || isOutOfMemory ? undefined : error;
  if (thrown !== undefined) return { exitCode: code, isOutOfMemory, error: thrown, how: 'by an uncaught exception' };
  return { exitCode: code, isOutOfMemory, error: undefined, how: signal === undefined ? `with exit code ${String(code)}` : `by the signal ${signal}` };
}

let isEntryThere = false;

function assertEntry(): void {
  isEntryThere ||= existsSync(entry);
  if (isEntryThere) return;
  throw new ModuleLoadError(
    `offloop's worker entry is not at ${entry}: offloop was probably bundled into another file. ` +
      'Mark offloop and tinypool as external in the bundler, and install them next to the bundle.',
  );
}
