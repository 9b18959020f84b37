import { isMainThread, Worker } from 'node:worker_threads';

import { mayInspect } from '../../../node/inspector.ts';
import { clearTimeout } from '../../../node/clock.ts';
import { inCleanRoot } from '../../../context/root.ts';
import { isOwnFrame } from '../../../node/stack-frames.ts';
import { withPlainPrototype } from '../../../node/plain-prototype.ts';
import { unrefTimer } from '../../../node/timers.ts';
import { inspectorLock } from './inspector-lock.ts';

/** How long the caller of a task waits for the stack, in ms. */
const CALLER_WAITS_MS = 1000;
/** How long the stack reader may take to start and to answer, in ms; then its thread is ended, so that its state is known again. */
const READER_LIMIT_MS = 5000;

/**
 * The stack of a worker thread, also while the thread is stuck in a loop. Opens no port and pauses no debugger. offloop's own frames are
 * left out.
 * @returns undefined where there is no inspector (a build without it, `--permission`), where this thread is a worker itself, since the
 * inspector does not reach the workers of a worker, or where none of the user's code runs
 */
export async function stackOfThread(threadId: number): Promise<string | undefined> {
  if (!isMainThread || !mayInspect()) return undefined;
  try {
    return userFrames(await inTime(inspectorLock.whileAttaching(() => ask(threadId))));
  } catch {
    return undefined;
  }
}

/** How long the idle stack reader is kept, in ms: one timeout is often followed by others. */
const KEEP_MS = 1000;

let stackReader: Worker | undefined;
let idleTimer: NodeJS.Timeout | undefined;
let questions = 0;

/** Resolves when the inspector is detached from all workers. */
async function ask(threadId: number): Promise<string | undefined> {
  clearTimeout(idleTimer);
  const worker = (stackReader ??= inCleanRoot(startStackReader));
  try {
    return await answerOf(worker, threadId);
  } finally {
    idleTimer = inCleanRoot(() => unrefTimer(() => void stopStackReader(), KEEP_MS));
  }
}

/** Call this when a pool closes. Another pool starts a new stack reader when it needs one. */
export async function stopStackReader(): Promise<void> {
  const worker = stackReader;
  clearTimeout(idleTimer);
  stackReader = undefined;
  if (worker !== undefined) await inspectorLock.end(async () => { await worker.terminate(); });
}

interface Answer {
  readonly question: number;
  readonly stack: unknown;
}

function answerOf(worker: Worker, threadId: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = ++questions;
    const timer = unrefTimer(() => void worker.terminate(), READER_LIMIT_MS);
    const onMessage = ({ question, stack }: Answer): void => { if (question === asked) finish(stack); };
    const onExit = (): void => { finish(undefined); };
    worker.on('message', onMessage);
    worker.on('exit', onExit);
    worker.postMessage({ question: asked, threadId });

    function finish(stack: unknown): void {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      resolve(typeof stack === 'string' ? stack : undefined);
    }
  });
}

/** Without the process's own --import and --require, which are meant for the application. */
function startStackReader(): Worker {
  const options = { name: 'offloop stacks', execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } };
  const worker = withPlainPrototype(() => new Worker(new URL('./stack-reader.js', import.meta.url), options));
  // An error ends the thread, and the exit listener handles that.
  worker.on('error', () => undefined);
  worker.on('exit', () => { if (stackReader === worker) stackReader = undefined; });
  worker.unref();
  return worker;
}

function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = unrefTimer(() => { resolve(undefined); }, CALLER_WAITS_MS);
    answer.then(resolve, reject).finally(() => { clearTimeout(timer); });
  });
}

function userFrames(stack: string | undefined): string | undefined {
  const frames = (stack ?? '').split('\n').filter((line) => line.startsWith('    at ') && !isOwnFrame(line) && !line.includes('<anonymous>:1:'));
  return frames.length === 0 ? undefined : frames.join('\n');
}
