import { isOwnFrame } from '../frames.ts';

/** How long a stuck worker may take to answer: it took 3 to 9 ms where it was measured. */
const PATIENCE_MS = 250;

interface Attached {
  readonly params: { readonly sessionId: string; readonly workerInfo: { readonly title: string } };
}

interface Answered {
  readonly params: { readonly message: string };
}

/**
 * The stack of a worker thread, in whatever loop it is stuck: the inspector interrupts it to evaluate an expression, and
 * that expression runs on top of the stuck frames. No port is opened, and no debugger is paused. Own frames are left out.
 * @returns undefined where there is no inspector (a build without it, `--permission`), or nothing of the user's runs
 */
export async function stackOfThread(threadId: number): Promise<string | undefined> {
  try {
    const { Session } = await import('node:inspector');
    const session = new Session();
    session.connect();
    try {
      return userFrames(await evaluateIn(session, threadId));
    } finally {
      session.disconnect();
    }
  } catch {
    return undefined;
  }
}

// Raised for the moment only: this is the user's setting, in the user's worker.
const expression =
  '(() => { const E = Error, limit = E.stackTraceLimit, prepare = E.prepareStackTrace; E.stackTraceLimit = 50; E.prepareStackTrace = undefined;' +
  ' try { return new E().stack } finally { E.stackTraceLimit = limit; E.prepareStackTrace = prepare } })()';

function evaluateIn(session: import('node:inspector').Session, threadId: number): Promise<string | undefined> {
  const request = { id: 1, method: 'Runtime.evaluate', params: { expression, returnByValue: true } };
  return new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS, undefined).unref();
    session.on('NodeWorker.attachedToWorker', ({ params }: Attached) => {
      // `workerId` counts the attached ones; only the title has the thread's own number: "[worker 3] name".
      if (!params.workerInfo.title.startsWith(`[worker ${threadId}]`)) return;
      session.post('NodeWorker.sendMessageToWorker', { sessionId: params.sessionId, message: JSON.stringify(request) });
    });
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }: Answered) => {
      const { id, result } = JSON.parse(params.message) as { id?: number; result?: { result?: { value?: string } } };
      if (id === request.id) resolve(result?.result?.value);
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  });
}

function userFrames(stack: string | undefined): string | undefined {
  const frames = (stack ?? '').split('\n').filter((line) => line.startsWith('    at ') && !isOwnFrame(line) && !line.includes('<anonymous>:1:'));
  return frames.length === 0 ? undefined : frames.join('\n');
}
