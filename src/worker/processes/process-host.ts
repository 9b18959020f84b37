import { startLibuvThreads } from '../../node/cpus/libuv-threads.ts';
import { process } from '../../node/intrinsics.ts';
import { inCleanRoot } from '../../context/root.ts';
import { announceEndHooks, runEndHooks } from '../../task/end-hooks.ts';
import { connectToPool } from '../../task/notices.ts';
import { realClock } from '../../node/limit-clock.ts';
import { packMessage, serialize, unpackMessage, unpackNotice, type BytesMessage } from '../../wire/bytes.ts';
import type { ProgressNotice, WorkerNotice } from '../../wire/messages/notices.ts';
import type { AbortMessage, EndHooksMessage, RunMessage } from '../../wire/messages/requests.ts';
import type { RunResponse, UnreadRequest } from '../../wire/messages/responses.ts';
import type { ProcessSetup } from '../../wire/messages/setup.ts';
import { ownOnly } from '../../wire/own-only.ts';
import { watchLeftovers } from '../notices/leftovers.ts';
import { ProgressSender } from '../notices/progress-sender.ts';
import { encodeProgress } from '../tasks/progress.ts';
import { scopeOf, uncloneableResponse } from '../tasks/responses.ts';
import { run } from '../tasks/task-runner.ts';
import { RunningTasks, takeNumber, type WorkerHost } from '../tasks/worker-host.ts';
import { takeProcessChannel } from '../tinypool/process-channel.ts';
import { MessageListeners } from '../tinypool/process-listeners.ts';
import { startup } from '../tinypool/startup.ts';
import { createAbortReader, noAbortReader } from './abort-reader.ts';
import { watchFatal } from './fatal-errors.ts';
import { liveWithParent } from './parent.ts';

/** Creates the function that tinypool calls in a worker process. Aborts are read from a pipe or a file; notices share the channel with tinypool's messages. */
export function createProcessHandler(): (message: BytesMessage) => Promise<BytesMessage | UnreadRequest> {
  const channel = takeProcessChannel();
  const send = (notice: WorkerNotice): void => { channel.post(notice); };
  const progress = new ProgressSender(channel);
  const onMessage = (message: unknown): void => {
    const abort = unpackNotice<AbortMessage>(message);
    if (abort !== undefined) host.running.abort(abort);
  };
  const listeners = new MessageListeners(startup?.listener === undefined ? [onMessage] : [startup.listener, onMessage]);
  let readAbort = noAbortReader;
  let cpuAtBegin = 0;
  let isRunning = false;
  const host: WorkerHost & { worker: number; reportMemory: boolean } = {
    worker: 1,
    clock: realClock,
    channel: 'bytes',
    reportMemory: false,
    addresses: [],
    setStartedAt: () => undefined,
    running: new RunningTasks(),
    pollAbort: (id) => readAbort(id),
    ready: () => {
      // The start and the preloads are the pool's, and no call's.
      cpuAtBegin = cpuNow();
      send({ type: 'ready', cpuMs: cpuAtBegin });
    },
    notify: send,
    progress: (id, value) => { progress.send(encodeProgress(id, value, 'bytes', toBytesNotice, serialize)); },
  };

  function setUp(setup: ProcessSetup): void {
    host.reportMemory = setup.reportMemory;
    host.worker = takeNumber(setup);
    readAbort = createAbortReader(ownOnly(setup.abortSource));
    watchLeftovers(send);
    watchFatal(send);
    process.prependListener('exit', () => { if (isRunning) send({ type: 'cpu', cpuMs: cpuNow() - cpuAtBegin }); });
    connectToPool(send);
    announceEndHooks();
    inCleanRoot(() => { process.on('message', onMessage); });
  }

  inCleanRoot(liveWithParent);
  // The pool lowers this process's main thread alone, at any time.
  if (process.platform === 'linux') inCleanRoot(startLibuvThreads);
  return async (bytes) => {
    cpuAtBegin = cpuNow();
    let message: RunMessage | EndHooksMessage;
    try {
      message = unpackMessage(bytes);
    } catch (cause) {
      return { type: 'unread', cause };
    }
    if (message.type === 'run-end-hooks') {
      await runEndHooks();
      return bytes;
    }
    const received = ownOnly(message);
    if (received.setup?.type === 'process') setUp(ownOnly(received.setup));
    isRunning = true;
    const response = await run(received, host);
    isRunning = false;
    progress.flush();
    await listeners.restore();
    const packed = packResponse(response);
    const cpuAtEnd = cpuNow();
    return { ...packed, cpuMs: cpuAtEnd - cpuAtBegin, cpuAtEnd };
  };
}

// Bound when the worker starts: a task may replace it.
const { cpuUsage } = process;

/** The CPU time of this process, in ms. */
function cpuNow(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

function packResponse(response: RunResponse): BytesMessage {
  const scope = scopeOf(response);
  return scope === undefined ? encode(response) : scope.runInAsyncScope(encode, undefined, response);
}

function encode(response: RunResponse): BytesMessage {
  try {
    return packMessage(response);
  } catch (cause) {
    return packMessage(uncloneableResponse(response, cause, serialize));
  }
}

/** The pool reads the value only when it delivers it. */
function toBytesNotice({ id, value, repairs }: ProgressNotice): ProgressNotice {
  return { type: 'progress', id, bytes: serialize({ value, repairs }) };
}
