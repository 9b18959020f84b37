import { MessageChannel } from 'node:worker_threads';

import { inCleanRoot } from '../../context/root.ts';
import { SharedAbortFlag } from '../../wire/abort-flag.ts';
import { BatchResults } from '../../wire/batch-results.ts';
import { controlNumbers, controlWords, createControlBlock, numbersOf } from '../../wire/control-block.ts';
import type { BatchMessage, EndHooksMessage, ResumeEventLoopMessage } from '../../wire/messages/requests.ts';
import type { BatchDone } from '../../wire/messages/responses.ts';
import type { ThreadSetup } from '../../wire/messages/setup.ts';
import { explainUnsent } from '../../wire/values/uncloneable.ts';
import { ThreadCpuSource } from '../cpu/thread-source.ts';
import type { EngineWorker, WorkerEvents, WorkerOptions } from './engine.ts';
import { ThreadNotices } from './thread-notices.ts';
import { startThread } from './tinypool/start-worker.ts';
import { inspectorLock } from './worker-stack/inspector-lock.ts';
import { stackOfThread } from './worker-stack/worker-stack.ts';

/** Starts a worker thread. */
export function startThreadWorker(options: WorkerOptions, events: WorkerEvents): EngineWorker {
  // Allocated before the thread is started: without memory for these, the thread would be left behind.
  const control = createControlBlock();
  const numbers = numbersOf(control);
  const known = (number: number): number | undefined => (numbers[number] === 0 ? undefined : numbers[number]);
  const flag = new SharedAbortFlag(control);
  const results = new BatchResults();
  const worker = startThread(options, events);
  const { port1: side, port2: sidePort } = new MessageChannel();
  const notices = new ThreadNotices(side, control, events);
  inCleanRoot(() => { notices.listen(); });
  side.unref();
  const gone = new Promise((resolve) => worker.thread.once('exit', resolve));
  void gone.then(() => {
    side.close();
    // The system may give the id to another thread.
    Atomics.store(control, controlWords.threadId, 0);
    numbers[controlNumbers.taskStartedAt] = 0;
  });
  inspectorLock.add({ gone, isEnding: () => Atomics.load(control, controlWords.ending) === 1 });
  const setup: ThreadSetup = {
    ...{ type: 'thread', worker: options.number, preload: options.preload, reportMemory: options.reportMemory },
    ...{ sidePort, control: control.buffer, inspectorLock: inspectorLock.flag.buffer, results: results.buffer },
  };
  let isSetupSent = false;

  return {
    number: options.number,
    run(message, transfer, { onResponse, onUnsent, onUnread }) {
      const explain = (cause: unknown): void => { onUnsent(explainUnsent(message.args, 'args', transfer, cause)); };
      const callbacks = { onResponse: onResponse as (response: unknown) => void, onUnsent: explain, onUnread };
      if (isSetupSent) {
        worker.post(message, transfer, callbacks);
        return;
      }
      isSetupSent = true;
      callbacks.onUnsent = (cause) => {
        // The setup was in the message that was not sent.
        isSetupSent = false;
        explain(cause);
      };
      worker.post({ ...message, setup }, [...(transfer ?? []), sidePort], callbacks);
    },
    batches: {
      results,
      run(batch, { onDone, onUnsent, onUnread }) {
        results.clear(batch.size, batch.number);
        const message: BatchMessage = { type: 'batch', batch };
        worker.post(message, undefined, { onResponse: (done) => { onDone(done as BatchDone); }, onUnsent, onUnread });
      },
    },
    sendAbort(message) {
      side.postMessage(message);
      flag.raise(message);
    },
    flushNotices: () => { notices.flush(); },
    resumeEventLoop() {
      const message: ResumeEventLoopMessage = { type: 'resume-event-loop' };
      worker.post(message, undefined, { onResponse: () => undefined, onUnsent: () => undefined, onUnread: () => undefined });
    },
    runEndHooks(onDone) {
      const message: EndHooksMessage = { type: 'run-end-hooks' };
      worker.post(message, undefined, { onResponse: onDone, onUnsent: onDone, onUnread: onDone });
    },
    get tid() {
      return Atomics.load(control, controlWords.threadId);
    },
    get procFolder() {
      const id = Atomics.load(control, controlWords.threadId);
      return id === 0 ? undefined : `/proc/self/task/${id}`;
    },
    activeMs: () => worker.thread.performance.eventLoopUtilization().active,
    tellsStart: true,
    taskStartedAt: () => known(controlNumbers.taskStartedAt),
    cpuAtMessageEnd: () => known(controlNumbers.cpuAtMessageEnd),
    cpu: new ThreadCpuSource(control),
    isReady: () => Atomics.load(control, controlWords.ready) === 1,
    stack: () => stackOfThread(worker.thread.threadId),
    terminate: () => inspectorLock.end(() => worker.terminate()),
  };
}
