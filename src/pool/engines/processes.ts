import type { ChildProcess } from 'node:child_process';
import type { Transferable } from 'node:worker_threads';

import { clearTimeout, queueMicrotask, setTimeout } from '../../node/clock.ts';
import { inCleanRoot } from '../../context/root.ts';
import { detach, fromBytes, isUnreadAnswer, noticeOf, serialize, toBytes, type BytesMessage } from '../../wire/bytes.ts';
import type { AbortNotice, EndMessage, RunMessage, RunResponse, WorkerNotice, WorkerSetup } from '../../wire/messages.ts';
import { decodeThrow, type EncodedThrow } from '../../wire/errors/thrown.ts';
import { explainUnsent } from '../../wire/values/uncloneable.ts';
import type { EngineWorker, WorkerEvents, WorkerExit, WorkerOptions } from './engine.ts';
import { noClasses } from '../../wire/errors/error-repairs.ts';
import { abortFlag, type AbortFlag } from './process-abort-flag.ts';
import { startProcess } from './tinypool/one-worker.ts';
import { Unread } from './unread.ts';

/** A worker process. Nothing can be shared with it or handed over to it, so a pipe of its own carries the abort flag. */
export function startProcessWorker(options: WorkerOptions, events: WorkerEvents): EngineWorker {
  let fatal: EncodedThrow | undefined;
  const onExit = (exit: WorkerExit): void => {
    // What it said last may not have been read yet.
    void lastWords(worker.process, exit).then(() => { events.onExit(fatal === undefined ? exit : { ...exit, error: decodeThrow(fatal, noClasses, ''), how: 'by an uncaught exception' }); });
  };
  const worker = startProcess(options, { ...events, onExit });
  const flag = abortFlag(worker.process);
  let isReady = false;
  endWithThisProcess(worker.process, flag);
  inCleanRoot(() => {
    worker.process.on('message', (message: unknown) => {
      const notice = noticeOf<WorkerNotice>(message);
      if (notice === undefined) return;
      if (notice.type === 'ready') isReady = true;
      else if (notice.type === 'fatal') fatal = notice.thrown;
      else events.onNotice(notice);
    });
  });
  worker.process.once('exit', () => { flag.remove(); });
  const setup: WorkerSetup = { preload: options.preload, reportMemory: options.reportMemory, ...flag.setup };
  let isSetUp = false;
  let isRunning = false;

  return {
    run(message, transfer, { onAnswer, onUnsent, onUnread }) {
      let bytes: BytesMessage;
      try {
        bytes = encode(isSetUp ? message : { ...message, setup }, transfer);
      } catch (cause) {
        queueMicrotask(() => { onUnsent(explainUnsent(message.args, 'args', transfer, cause, serialize)); });
        return;
      }
      isSetUp = true;
      isRunning = true;
      worker.post(bytes, undefined, {
        onAnswer: (answer) => {
          isRunning = false;
          const response = responseOf(answer);
          if (response instanceof Unread) onUnread(response);
          else onAnswer(response);
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
    tell(notice: AbortNotice): void {
      if (worker.process.connected) worker.process.send({ offloop: toBytes(notice) });
      flag.raise(notice);
    },
    flushNotices: () => undefined,
    batches: undefined,
    rest: undefined,
    finish(onDone) {
      const message: EndMessage = { type: 'end' };
      worker.post(toBytes(message), undefined, { onAnswer: onDone, onUnsent: onDone, onUnread: onDone });
    },
    isReady: () => isReady,
    stack: () => Promise.resolve(undefined),
    terminate() {
      // A task that was told to stop and has not may be in a loop, which notices nothing. An idle process exits by itself.
      if (isRunning) worker.process.kill('SIGKILL');
      else if (worker.process.connected) worker.process.disconnect();
      return worker.terminate();
    },
  };
}

/** How long the channel of a process that has ended is waited for, in ms: a child of its own may keep it open. */
const LAST_WORDS = 200;

/** Resolves when the channel has been read to its end. A process that nothing was thrown in has no last words. */
async function lastWords(child: ChildProcess, { exitCode }: WorkerExit): Promise<void> {
  if (!child.connected || exitCode === 0 || exitCode === null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LAST_WORDS);
    child.once('disconnect', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** @throws DataCloneError */
function encode(message: RunMessage, transfer: readonly Transferable[] | undefined): BytesMessage {
  const bytes = toBytes(message);
  detach(transfer);
  return bytes;
}

function responseOf(answer: unknown): RunResponse | Unread {
  try {
    if (isUnreadAnswer(answer)) return new Unread('there', answer.unread);
    return fromBytes<RunResponse>(answer as BytesMessage);
  } catch (cause) {
    return new Unread('here', cause);
  }
}

/** The children that live. */
const children = new Map<ChildProcess, AbortFlag>();

/** A child in a synchronous loop does not notice that its channel has closed, and would compute for ever. */
function endWithThisProcess(child: ChildProcess, flag: AbortFlag): void {
  if (children.size === 0) process.on('exit', endChildren);
  children.set(child, flag);
  child.once('exit', () => {
    children.delete(child);
    if (children.size === 0) process.off('exit', endChildren);
  });
}

function endChildren(): void {
  for (const [child, flag] of children) {
    child.kill('SIGKILL');
    flag.remove();
  }
}
