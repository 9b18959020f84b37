import type { MessagePort } from 'node:worker_threads';

import { inCleanRoot } from '../context/root.ts';
import type { TaskHandle } from '../task/current.ts';
import { abortKinds, claim, layout, type AbortNotice, type AnswerNotice, type BatchMessage, type ProgressNotice, type RestMessage, type RunMessage, type RunResponse, type WorkerSetup } from '../wire/messages.ts';
import { survey } from '../wire/survey.ts';
import { explainUncloneable } from '../wire/uncloneable.ts';
import { run, transfersOf, uncloneable, type WorkerHost } from './run.ts';
import { takeTinypoolPort } from './tinypool-port.ts';

type ThreadMessage = RunMessage | BatchMessage | RestMessage | Promise<void>;

/** A worker thread: the flag in shared memory, notices by a port of its own. */
export function createThreadHandler(filename: string): (message: ThreadMessage) => RunResponse | Promise<RunResponse> | Promise<void> | undefined {
  const running = new Map<number, TaskHandle>();
  let control = new Int32Array(new SharedArrayBuffer(8));
  let side: MessagePort | undefined;
  const host: WorkerHost & { reportMemory: boolean } = {
    reportMemory: false,
    addresses: [],
    pollAbort: (id) => (Atomics.load(control, layout.abortedTask) === id ? abortKinds[Atomics.load(control, layout.abortKind)] : undefined),
    started: (id) => { side?.postMessage({ type: 'started', id }); },
    progress: (id, value) => { postProgress(side, id, value); },
    running: (id, handle) => {
      if (handle === undefined) running.delete(id);
      else running.set(id, handle);
    },
  };

  function setUp({ control: block, sidePort, reportMemory }: WorkerSetup): void {
    if (block !== undefined) control = new Int32Array(block);
    host.reportMemory = reportMemory;
    side = sidePort;
    // A port's handler runs in the context it was set in: not in that of the first task.
    inCleanRoot(() => side?.on('message', ({ id, kind }: AbortNotice) => running.get(id)?.abort(kind)));
  }

  async function runBatch({ batch }: BatchMessage): Promise<void> {
    const receivedAt = performance.now();
    for (const [place, message] of batch.entries()) {
      if (Atomics.compareExchange(control, layout.claims + place, claim.free, claim.started) !== claim.free) continue;
      const waitedMs = performance.now() - receivedAt;
      postAnswer(side, message.id, await run(message, host), waitedMs);
    }
  }

  const port = takeTinypoolPort(filename, 'default');
  return (message) => {
    if (port.isHold(message)) return message;
    if ('rest' in message) {
      port.hold();
      return undefined;
    }
    port.release();
    if ('batch' in message) return runBatch(message);
    if (message.setup !== undefined) setUp(message.setup);
    return run(message, host);
  };
}

/** At once: the next task of the batch may turn out to be a long one. */
function postAnswer(side: MessagePort | undefined, id: number, response: RunResponse, waitedMs: number): void {
  const notice: AnswerNotice = { type: 'answer', id, waitedMs, response };
  try {
    side?.postMessage(notice, transfersOf(response) ?? []);
  } catch (cause) {
    side?.postMessage({ ...notice, response: uncloneable(response, cause) });
  }
}

function postProgress(side: MessagePort | undefined, id: number, value: unknown): void {
  const notice: ProgressNotice = { type: 'progress', id, value, buffers: survey(value, 'progress') };
  try {
    side?.postMessage(notice);
  } catch (cause) {
    throw explainUncloneable(value, 'progress', cause);
  }
}
