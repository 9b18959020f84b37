import type { ChildProcess } from 'node:child_process';
import type { Transferable } from 'node:worker_threads';

import { clearTimeout, queueMicrotask, setTimeout } from '../../node/clock.ts';
import { inCleanRoot } from '../../context/root.ts';
import { detach, packMessage, packNotice, serialize, unpackMessage, unpackNotice, type BytesMessage } from '../../wire/bytes.ts';
import type { WorkerNotice } from '../../wire/messages/notices.ts';
import type { EndHooksMessage, RunMessage } from '../../wire/messages/requests.ts';
import type { RunResponse, UnreadRequest } from '../../wire/messages/responses.ts';
import type { ProcessSetup } from '../../wire/messages/setup.ts';
import { tagOfRun, type MessageTag } from '../../wire/control-block.ts';
import { ownOnly } from '../../wire/own-only.ts';
import { noClasses } from '../../wire/errors/error-repairs.ts';
import { decodeThrow, type EncodedThrow } from '../../wire/values/thrown.ts';
import { explainUnsent } from '../../wire/values/uncloneable.ts';
import { createAbortWriter } from './abort-writer.ts';
import { endWithThisProcess } from './child-processes.ts';
import { ProcessCpuSource } from '../cpu/process-source.ts';
import type { EngineWorker, WorkerEvents, WorkerExit, WorkerOptions } from './engine.ts';
import { startProcess } from './tinypool/start-worker.ts';
import { Unread } from './unread.ts';

/** Starts a worker process. The process shares no memory with the pool, so aborts go through a pipe of their own. */
export function startProcessWorker(options: WorkerOptions, events: WorkerEvents): EngineWorker {
  let fatal: EncodedThrow | undefined;
  const onExit = (exit: WorkerExit): void => {
    void lastNotices(worker.process, exit).then(() => { events.onExit(fatal === undefined ? exit : { ...exit, error: decodeThrow(fatal, noClasses, ''), how: 'by an uncaught exception' }); });
  };
  const worker = startProcess(options, { ...events, onExit });
  const aborts = createAbortWriter(worker.process);
  const cpu = new ProcessCpuSource(worker.process.pid);
  let tag: MessageTag = 0;
  let isReady = false;
  endWithThisProcess(worker.process, aborts);
  inCleanRoot(() => {
    worker.process.on('message', (message: unknown) => {
      const notice = unpackNotice<WorkerNotice>(message);
      if (notice === undefined) return;
      if (notice.type === 'ready') {
        isReady = true;
        cpu.record(notice.cpuMs);
      } else if (notice.type === 'fatal') fatal = notice.thrown;
      else if (notice.type === 'cpu') cpu.record(undefined, tag, notice.cpuMs);
      else events.onNotice(notice);
    });
  });
  worker.process.once('exit', () => { aborts.remove(); });
  const { number, preload, reportMemory } = options;
  const setup: ProcessSetup = { type: 'process', worker: number, preload, reportMemory, abortSource: aborts.source };
  let isSetupSent = false;
  let isRunning = false;

  return {
    number: options.number,
    run(message, transfer, { onResponse, onUnsent, onUnread }) {
      let bytes: BytesMessage;
      try {
        bytes = encode(isSetupSent ? message : { ...message, setup }, transfer);
      } catch (cause) {
        queueMicrotask(() => { onUnsent(explainUnsent(message.args, 'args', transfer, cause, serialize)); });
        return;
      }
      isSetupSent = true;
      isRunning = true;
      tag = tagOfRun(message.id);
      worker.post(bytes, undefined, {
        onResponse: (received) => {
          isRunning = false;
          const { cpuAtEnd, cpuMs } = ownOnly(received as Partial<BytesMessage>);
          cpu.record(cpuAtEnd, tag, cpuMs);
          const response = decode(received as BytesMessage | UnreadRequest);
          if (response instanceof Unread) onUnread(response);
          else onResponse(message.wantsCpu === true ? { ...response, cpuMs } : response);
        },
        onUnsent: (cause) => {
          isRunning = false;
          onUnsent(cause);
        },
        onUnread: (unread) => {
          isRunning = false;
          onUnread(unread);
        },
      });
    },
    batches: undefined,
    sendAbort(message) {
      if (worker.process.connected) worker.process.send(packNotice(message));
      aborts.write(message);
    },
    flushNotices: () => undefined,
    resumeEventLoop: undefined,
    runEndHooks(onDone) {
      const message: EndHooksMessage = { type: 'run-end-hooks' };
      worker.post(packMessage(message), undefined, { onResponse: onDone, onUnsent: onDone, onUnread: onDone });
    },
    isReady: () => isReady,
    get tid() {
      return livePid(worker.process);
    },
    get procFolder() {
      const pid = livePid(worker.process);
      return hasProc && pid > 0 ? `/proc/${pid}` : undefined;
    },
    // A worker that has ended is no longer active; its exit is reported a little later.
    activeMs: () => (livePid(worker.process) === 0 ? 0 : undefined),
    tellsStart: false,
    taskStartedAt: () => undefined,
    cpuAtMessageEnd: () => undefined,
    cpu,
    stack: () => Promise.resolve(undefined),
    terminate() {
      // A running task that did not stop when it was aborted may be in a loop, which notices nothing. An idle process exits by itself.
      if (isRunning) worker.process.kill('SIGKILL');
      else if (worker.process.connected) worker.process.disconnect();
      return worker.terminate();
    },
  };
}

const hasProc = process.platform === 'linux';

/** 0 once the process has ended: the system may give its id to another one. */
function livePid({ pid = 0, exitCode, signalCode }: ChildProcess): number {
  return exitCode === null && signalCode === null ? pid : 0;
}

/** How long to wait for the channel of an ended process to close, in ms: a child of that process may keep it open. */
const LAST_NOTICES_MS = 200;

/** Resolves when the channel has been read to its end. A process that ended without an error has sent no last notice. */
async function lastNotices(child: ChildProcess, { exitCode }: WorkerExit): Promise<void> {
  if (!child.connected || exitCode === 0 || exitCode === null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LAST_NOTICES_MS);
    child.once('disconnect', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** @throws DataCloneError */
function encode(message: RunMessage, transfer: readonly Transferable[] | undefined): BytesMessage {
  const bytes = packMessage(message);
  detach(transfer);
  return bytes;
}

function decode(received: BytesMessage | UnreadRequest): RunResponse | Unread {
  try {
    return received.type === 'unread' ? new Unread('there', received.cause) : unpackMessage<RunResponse>(received);
  } catch (cause) {
    return new Unread('here', cause);
  }
}
