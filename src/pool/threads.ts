import { MessageChannel, receiveMessageOnPort, type Transferable } from 'node:worker_threads';

import { inCleanRoot } from '../context/root.ts';
import { abortKinds, type AbortNotice, type RunMessage, type RunResponse, type WorkerNotice, type WorkerSetup } from '../wire/messages.ts';
import { explainUnsent } from '../wire/values.ts';
import type { EngineWorker, WorkerEvents, WorkerOptions } from './engine.ts';
import { stackOfThread } from './stuck.ts';
import { startThread } from './tinypool.ts';

/** A worker thread. */
export function threadWorker(options: WorkerOptions, events: WorkerEvents): EngineWorker {
  const worker = startThread(options, events);
  const flag = new Int32Array(new SharedArrayBuffer(8));
  const { port1: side, port2: sidePort } = new MessageChannel();
  inCleanRoot(() => side.on('message', (notice: WorkerNotice) => { events.onNotice(notice); }));
  side.unref();
  worker.thread.once('exit', () => { side.close(); });
  const setup: WorkerSetup = { preload: options.preload, reportMemory: options.reportMemory, sidePort, abortFlag: flag.buffer as SharedArrayBuffer };
  let isSetUp = false;
  let hasRun = false;

  return {
    async run(message: RunMessage, transfer: readonly Transferable[] | undefined): Promise<RunResponse> {
      try {
        if (isSetUp) return (await worker.post(message, transfer)) as RunResponse;
        isSetUp = true;
        return (await worker.post({ ...message, setup }, [...(transfer ?? []), sidePort])) as RunResponse;
      } catch (cause) {
        // The first message carries the setup, and it was not sent.
        isSetUp = hasRun;
        throw explainUnsent(message.args, transfer, cause);
      } finally {
        hasRun = isSetUp;
      }
    },
    tell(notice: AbortNotice): void {
      side.postMessage(notice);
      // The kind first: whoever sees the task's number must find it there.
      Atomics.store(flag, 1, abortKinds.indexOf(notice.kind));
      Atomics.store(flag, 0, notice.id);
    },
    flushNotices(): void {
      for (let next = receiveMessageOnPort(side); next !== undefined; next = receiveMessageOnPort(side)) {
        events.onNotice(next.message as WorkerNotice);
      }
    },
    stack: () => stackOfThread(worker.thread.threadId),
    terminate: () => worker.terminate(),
  };
}
