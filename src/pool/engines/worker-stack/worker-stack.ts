import { isMainThread, Worker } from 'node:worker_threads';

import { mayInspect } from '../../../node/inspector.ts';
import { clearTimeout } from '../../../node/clock.ts';
import { inCleanRoot } from '../../../context/root.ts';
import { isOwnFrame } from '../../../node/stack-frames.ts';
import { withPlainPrototype } from '../../../node/plain-prototype.ts';
import { unrefTimer } from '../../../node/timers.ts';
import { inspectorLock } from './inspector-lock.ts';

/** How long the caller of a task waits for the stack, in ms. */
const PATIENCE_MS = 1000;
/** How long the thread that looks may take to start and to look, in ms; then it is ended: until that nobody knows what it does. */
const LONGEST_MS = 5000;

/**
 * The stack of a worker thread, in whatever loop it is stuck. No port is opened, and no debugger is paused. Own frames
 * are left out.
 * @returns undefined where there is no inspector (a build without it, `--permission`), where this thread is a worker
 * itself, whose own workers the inspector does not reach, or where nothing of the user's runs
 */
export async function stackOfThread(threadId: number): Promise<string | undefined> {
  if (!isMainThread || !mayInspect()) return undefined;
  try {
    return userFrames(await inTime(inspectorLock.look(() => ask(threadId))));
  } catch {
    return undefined;
  }
}

/** For so long, in ms, it waits for the next one who asks: timeouts seldom come alone. */
const KEEP_MS = 1000;

let stackReader: Worker | undefined;
let idleTimer: NodeJS.Timeout | undefined;
let questions = 0;

/** Resolves when the inspector has let go of all workers. */
async function ask(threadId: number): Promise<string | undefined> {
  clearTimeout(idleTimer);
  const worker = (stackReader ??= inCleanRoot(startStackReader));
  try {
    return await answerOf(worker, threadId);
  } finally {
    idleTimer = inCleanRoot(() => unrefTimer(() => void stopStackReader(), KEEP_MS));
  }
}

/** To be called when a pool closes, so that nothing is left of it. Another pool starts its own when it needs one. */
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
    const timer = unrefTimer(() => void worker.terminate(), LONGEST_MS);
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

/** Without the process's own --import and --require: those are for the application. */
function startStackReader(): Worker {
  const options = { name: 'offloop stacks', execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } };
  const worker = withPlainPrototype(() => new Worker(new URL('./stack-reader.js', import.meta.url), options));
  // An error ends it.
  worker.on('error', () => undefined);
  worker.on('exit', () => { if (stackReader === worker) stackReader = undefined; });
  worker.unref();
  return worker;
}

function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = unrefTimer(() => { resolve(undefined); }, PATIENCE_MS);
    answer.then(resolve, reject).finally(() => { clearTimeout(timer); });
  });
}

function userFrames(stack: string | undefined): string | undefined {
  const frames = (stack ?? '').split('\n').filter((line) => line.startsWith('    at ') && !isOwnFrame(line) && !line.includes('<anonymous>:1:'));
  return frames.length === 0 ? undefined : frames.join('\n');
}
