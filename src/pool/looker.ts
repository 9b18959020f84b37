import { Session } from 'node:inspector';
import { parentPort } from 'node:worker_threads';

import { askWorker } from '../ask-thread.ts';
import { setTimeout } from '../clock.ts';

/** How long a stuck worker may take to answer: it took 3 to 9 ms where it was measured. */
const PATIENCE_MS = 250;

// Raised for the moment only: this is the user's setting, in the user's worker.
const expression =
  '(() => { const E = Error, limit = E.stackTraceLimit, prepare = E.prepareStackTrace; E.stackTraceLimit = 50; E.prepareStackTrace = undefined;' +
  ' try { return new E().stack } finally { E.stackTraceLimit = limit; E.prepareStackTrace = prepare } })()';

// The thread that looks at the stacks of workers: from the main thread itself it is not safe.
parentPort?.on('message', (threadId: number) => void stackOf(threadId).then((stack) => parentPort?.postMessage(stack)));

async function stackOf(threadId: number): Promise<unknown> {
  const session = new Session();
  session.connectToMainThread();
  try {
    const patience = new Promise<undefined>((resolve) => void setTimeout(resolve, PATIENCE_MS, undefined));
    return (await Promise.race([askWorker(session, expression, threadId), patience]))?.result.value;
  } finally {
    // A session that is left connected makes the process wait for it at its end.
    session.disconnect();
  }
}
