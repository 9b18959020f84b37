import { process } from '../../node/intrinsics.ts';
import { inCleanRoot } from '../../context/root.ts';
import type { TaskHandle } from '../../task/current.ts';
import { announceEndHooks, runEndHooks } from '../../task/end-hooks.ts';
import { connectToPool } from '../../task/notices.ts';
import { realClock } from '../../node/limit-clock.ts';
import { fromBytes, noticeOf, serialize, toBytes, type BytesMessage, type UnreadAnswer } from '../../wire/bytes.ts';
import type { AbortNotice, EndMessage, RunMessage, RunResponse, WorkerNotice, WorkerSetup } from '../../wire/messages.ts';
import { ownOnly } from '../../wire/own-only.ts';
import { explainUncloneable } from '../../wire/values/uncloneable.ts';
import { takeChannel } from './channel.ts';
import { Hearing, tinypoolsListener } from './message-listeners.ts';
import { flagReader, type ReadFlag } from './abort-flag.ts';
import { liveWithParent } from './parent.ts';
import { watchFatal } from './fatal-errors.ts';
import { watchLeftovers } from '../tasks/leftovers.ts';
import { Reports } from '../progress.ts';
import { progressNotice, run, scopeOf, uncloneable, type WorkerHost } from '../tasks/task-runner.ts';

/** A worker process: the flag in a pipe or a file, notices beside tinypool's messages on the same channel. */
export function createProcessHandler(): (message: BytesMessage) => Promise<BytesMessage | UnreadAnswer> {
  const channel = takeChannel();
  const send = (notice: WorkerNotice): void => { channel.post(notice); };
  const reports = new Reports(channel);
  const running = new Map<number, TaskHandle>();
  const onAbort = (message: unknown): void => {
    const notice = noticeOf<AbortNotice>(message);
    if (notice !== undefined) running.get(notice.id)?.abort(notice.kind);
  };
  const hearing = new Hearing([...tinypoolsListener(), onAbort]);
  let readFlag: ReadFlag = () => undefined;
  const host: WorkerHost & { reportMemory: boolean } = {
    clock: realClock,
    channel: 'bytes',
    reportMemory: false,
    addresses: [],
    pollAbort: (id) => readFlag(id),
    ready: () => { send({ type: 'ready' }); },
    started: (id) => { send({ type: 'started', id }); },
    progress: (id, value) => { report(reports, id, value); },
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
    connectToPool(send);
    announceEndHooks();
    inCleanRoot(() => { process.on('message', onAbort); });
  }

  inCleanRoot(liveWithParent);
  return async (bytes) => {
    let message: RunMessage | EndMessage;
    try {
      message = fromBytes(bytes);
    } catch (cause) {
      return { unread: cause };
    }
    if (message.type === 'end') {
      await runEndHooks();
      return bytes;
    }
    const received = ownOnly(message);
    if (received.setup !== undefined) setUp(ownOnly(received.setup));
    const response = await run(received, host);
    reports.finish();
    await hearing.mend();
    return answer(response);
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

function report(reports: Reports, id: number, value: unknown): void {
  const notice = progressNotice(id, value, 'bytes');
  let bytes: Uint8Array;
  try {
    bytes = serialize({ value: notice.value, repairs: notice.repairs });
  } catch (cause) {
    throw explainUncloneable(notice.value, 'progress', cause, serialize);
  }
  reports.report({ type: 'progress', id, bytes });
}
