import { Session } from 'node:inspector';
import { parentPort } from 'node:worker_threads';

import { askWorker, letGo } from '../../../node/inspector.ts';
import { setTimeout } from '../../../node/clock.ts';

/** How long a stuck worker may take to answer, in ms. Measured: 3 to 9 ms. */
const ANSWER_LIMIT_MS = 250;

// The limit is raised only for this moment: it is the user's setting, in the user's worker.
const expression =
  '(() => { const E = Error, limit = E.stackTraceLimit, prepare = E.prepareStackTrace; E.stackTraceLimit = 50; E.prepareStackTrace = undefined;' +
  ' try { return new E().stack } finally { E.stackTraceLimit = limit; E.prepareStackTrace = prepare } })()';

// This thread reads the stacks of workers: to do that from the main thread is not safe.
parentPort?.on('message', ({ question, threadId }: { question: number; threadId: number }) => {
  void stackOf(threadId).then((stack) => parentPort?.postMessage({ question, stack }));
});

async function stackOf(threadId: number): Promise<unknown> {
  const session = new Session();
  session.connectToMainThread();
  try {
    return (await inTime(askWorker(session, expression, threadId)))?.result.value;
  } catch {
    return undefined;
  } finally {
    // Workers may end again once this thread has answered: by then the inspector must be detached from them.
    await inTime(letGo(session));
    // A connected session would keep the process from ending.
    session.disconnect();
  }
}

function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  return Promise.race([answer, new Promise<undefined>((resolve) => { setTimeout(resolve, ANSWER_LIMIT_MS, undefined); })]);
}
