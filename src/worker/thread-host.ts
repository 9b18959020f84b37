import type { MessagePort } from 'node:worker_threads';

import { inCleanRoot } from '../context/root.ts';
import type { TaskHandle } from '../task/current.ts';
import { abortKinds, type AbortNotice, type ProgressNotice, type RestMessage, type RunMessage, type RunResponse, type WorkerSetup } from '../wire/messages.ts';
import { explainUncloneable, survey } from '../wire/values.ts';
import { run, type WorkerHost } from './run.ts';
import { takeTinypoolPort } from './tinypool-port.ts';

/** The abort flag's two numbers: which task is to stop, and why (its place in `abortKinds`). */
const TASK = 0;
const KIND = 1;

type ThreadMessage = RunMessage | RestMessage | Promise<void>;

/** A worker thread: the flag in shared memory, notices by a port of its own. */
export function createThreadHandler(filename: string): (message: ThreadMessage) => Promise<RunResponse> | Promise<void> | undefined {
  const running = new Map<number, TaskHandle>();
  let flag = new Int32Array(new SharedArrayBuffer(8));
  let side: MessagePort | undefined;
  const host: WorkerHost & { reportMemory: boolean } = {
    reportMemory: false,
    addresses: [],
    pollAbort: (id) => (Atomics.load(flag, TASK) === id ? abortKinds[Atomics.load(flag, KIND)] : undefined),
    started: (id) => { side?.postMessage({ type: 'started', id }); },
    progress: (id, value) => { postProgress(side, id, value); },
    running: (id, handle) => {
      if (handle === undefined) running.delete(id);
      else running.set(id, handle);
    },
  };

  function setUp({ abortFlag, sidePort, reportMemory }: WorkerSetup): void {
    if (abortFlag !== undefined) flag = new Int32Array(abortFlag);
    host.reportMemory = reportMemory;
    side = sidePort;
    // A port's handler runs in the context it was set in: not in that of the first task.
    inCleanRoot(() => side?.on('message', ({ id, kind }: AbortNotice) => running.get(id)?.abort(kind)));
  }

  const port = takeTinypoolPort(filename, 'default');
  return (message) => {
    if (port.isHold(message)) return message;
    if ('rest' in message) {
      port.hold();
      return undefined;
    }
    port.release();
    if (message.setup !== undefined) setUp(message.setup);
    return run(message, host);
  };
}

function postProgress(side: MessagePort | undefined, id: number, value: unknown): void {
  const notice: ProgressNotice = { type: 'progress', id, value, buffers: survey(value, 'progress') };
  try {
    side?.postMessage(notice);
  } catch (cause) {
    throw explainUncloneable(value, 'progress', cause);
  }
}
