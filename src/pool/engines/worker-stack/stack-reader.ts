import { Session } from 'node:inspector';
import { parentPort } from 'node:worker_threads';

import { askWorker, letGo } from '../../../node/inspector.ts';
import { setTimeout } from '../../../node/clock.ts';

/** How long a stuck worker may take to answer: it took 3 to 9 ms where it was measured. */
const PATIENCE_MS = 250;

// Raised for the moment only: this is the user's setting, in the user's worker.
const expression =
  '(() => { const E = Error, limit = E.stackTraceLimit, prepare = E.prepareStackTrace; E.stackTraceLimit = 50; E.prepareStackTrace = undefined;' +
  ' try { return new E().stack } finally { E.stackTraceLimit = limit; E.prepareStackTrace = prepare } })()';

// The thread that looks at the stacks of workers: from the main thread itself it is not safe.
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
    // Workers may end again when this thread has answered: by then the inspector is to be out of them.
    await inTime(letGo(session));
    // A session that is left connected makes the process wait for it at its end.
    session.disconnect();
  }
}

function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  return Promise.race([answer, new Promise<undefined>((resolve) => { setTimeout(resolve, PATIENCE_MS, undefined); })]);
}
