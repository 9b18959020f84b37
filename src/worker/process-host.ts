import { process } from '../intrinsics.ts';
import { inCleanRoot } from '../context/root.ts';
import type { TaskHandle } from '../task/current.ts';
import { connectSide, runEndHooks } from '../task/ending.ts';
import { realClock } from '../timer.ts';
import { fromBytes, serialize, toBytes, type BytesMessage } from '../wire/bytes.ts';
import type { AbortNotice, EndMessage, RunMessage, RunResponse, WorkerNotice, WorkerSetup } from '../wire/messages.ts';
import { ownOnly } from '../wire/own-only.ts';
import { explainUncloneable } from '../wire/uncloneable.ts';
import { flagReader, type ReadFlag } from './process-flag.ts';
import { liveWithParent } from './parent.ts';
import { watchFatal } from './fatal.ts';
import { watchLeftovers } from './leftovers.ts';
import { progressNotice, run, scopeOf, uncloneable, type WorkerHost } from './run.ts';

/** A worker process: the flag in a pipe or a file, notices beside tinypool's messages on the same channel. */
export function createProcessHandler(): (message: BytesMessage) => Promise<BytesMessage> {
  const running = new Map<number, TaskHandle>();
  let readFlag: ReadFlag = () => undefined;
  const host: WorkerHost & { reportMemory: boolean } = {
    clock: realClock,
    channel: 'bytes',
    reportMemory: false,
    addresses: [],
    pollAbort: (id) => readFlag(id),
    ready: () => { send({ type: 'ready' }); },
    started: (id) => { send({ type: 'started', id }); },
    progress: (id, value) => { sendProgress(id, value); },
    running: (id, handle) => {
      if (handle === undefined) running.delete(id);
      else running.set(id, handle);
    },
  };

  function setUp(setup: WorkerSetup): void {
    host.reportMemory = setup.reportMemory;
    readFlag = flagReader(setup);
    watchLeftovers(send);
    watchFatal(send);
    connectSide(send);
    inCleanRoot(() => {
      process.on('message', (message: { offloop?: BytesMessage }) => {
        if (message.offloop === undefined) return;
        const { id, kind } = fromBytes<AbortNotice>(message.offloop);
        running.get(id)?.abort(kind);
      });
    });
  }

  inCleanRoot(liveWithParent);
  return async (bytes) => {
    const message = fromBytes<RunMessage | EndMessage>(bytes);
    if (message.type === 'end') {
      await runEndHooks();
      return bytes;
    }
    const received = ownOnly(message);
    if (received.setup !== undefined) setUp(ownOnly(received.setup));
    return answer(await run(received, host));
  };
}

function answer(response: RunResponse): BytesMessage {
  const scope = scopeOf(response);
  return scope === undefined ? encode(response) : scope.runInAsyncScope(encode, undefined, response);
}

function encode(response: RunResponse): BytesMessage {
  try {
    return toBytes(response);
  } catch (cause) {
    return toBytes(uncloneable(response, cause, serialize));
  }
}

function send(notice: WorkerNotice): void {
  process.send?.({ offloop: toBytes(notice) });
}

function sendProgress(id: number, value: unknown): void {
  const notice = progressNotice(id, value, 'bytes');
  try {
    send(notice);
  } catch (cause) {
    throw explainUncloneable(notice.value, 'progress', cause, serialize);
  }
}
