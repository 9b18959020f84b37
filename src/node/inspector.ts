import type { Runtime, Session } from 'node:inspector';

export type Answer = Runtime.EvaluateReturnType;

/** Ask before a worker thread connects to another thread: without the permission Node does not throw but aborts the process. */
export function mayInspect(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  return permission?.has('inspector') !== false;
}

/**
 * Evaluates an expression in a worker thread that is stuck: the inspector interrupts the thread, and the expression runs on top of the
 * frames that are stuck. Request and answer pass through the main thread, which is interrupted for them.
 * @param session connected to the main thread, from another thread. A session that the main thread itself opens would crash the process
 * now and then: its listener runs while Node iterates over the list of workers, and a worker that starts or ends changes the list.
 */
export function askWorker(session: Session, expression: string, threadId: number): Promise<Answer> {
  const request = { id: 1, method: 'Runtime.evaluate', params: { expression, returnByValue: true, silent: true } };
  const attached = new Set<string>();
  workersOf.set(session, attached);
  return new Promise((resolve, reject) => {
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      attached.add(sessionId);
      // `workerId` counts the attached workers; only the title has the thread's own number: "[worker 3] name".
      if (!workerInfo.title.startsWith(`[worker ${threadId}]`)) return;
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify(request) });
    });
    session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) => { attached.delete(sessionId); });
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const { id, result, error } = JSON.parse(params.message) as { id?: number; result?: Answer; error?: { message: string } };
      if (id !== request.id) return;
      if (result === undefined) reject(new Error(error?.message ?? 'no answer'));
      else resolve(result);
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  });
}

/** The workers that a session is attached to. */
const workersOf = new WeakMap<Session, Set<string>>();

/**
 * Detaches a session from each worker, which must happen before the session disconnects: a worker that has opened an inspector of its own
 * (`inspector.open()`, as Sentry does for local variables) would otherwise wait for the session at its end, and the process for
 * the worker.
 * @returns a promise that resolves when the main thread has detached the session; the session may disconnect without waiting
 */
export async function letGo(session: Session): Promise<void> {
  await Promise.all([...(workersOf.get(session) ?? [])].map((sessionId) => detach(session, sessionId)));
}

function detach(session: Session, sessionId: string): Promise<void> {
  return new Promise((resolve) => { session.post('NodeWorker.detach', { sessionId }, () => { resolve(); }); });
}
