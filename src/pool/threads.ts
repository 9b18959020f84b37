import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';

import { inCleanRoot } from '../context/root.ts';
import { AbortFlag } from '../wire/abort-flag.ts';
import { layout, type AbortNotice, type BatchDone, type BatchMessage, type EndMessage, type RestMessage, type WorkerNotice, type WorkerSetup } from '../wire/messages.ts';
import { Sheet } from '../wire/sheet.ts';
import { explainUnsent } from '../wire/uncloneable.ts';
import { attaching } from './attaching.ts';
import type { EngineWorker, WorkerEvents, WorkerOptions } from './engine.ts';
import { stackOfThread } from './stuck.ts';
import { startThread } from './tinypool.ts';

/** A worker thread. */
export function threadWorker(options: WorkerOptions, events: WorkerEvents): EngineWorker {
  // Before the thread, which would be left behind where there is no memory for these.
  const control = new Int32Array(new SharedArrayBuffer(layout.size * Int32Array.BYTES_PER_ELEMENT));
  const flag = new AbortFlag(control);
  const sheet = new Sheet();
  const worker = startThread(options, events);
  const { port1: side, port2: sidePort } = new MessageChannel();
  inCleanRoot(() => side.on('message', (notice: WorkerNotice) => { events.onNotice(notice); }));
  side.unref();
  const gone = new Promise((resolve) => worker.thread.once('exit', resolve));
  void gone.then(() => { side.close(); });
  attaching.add({ gone, isEnding: () => Atomics.load(control, layout.ending) === 1 });
  const setup: WorkerSetup = { preload: options.preload, reportMemory: options.reportMemory, sidePort, control: control.buffer, attaching: attaching.flag.buffer, sheet: sheet.buffer };
  let isSetUp = false;

  return {
    run(message, transfer, { onAnswer, onUnsent }) {
      const explain = (cause: unknown): void => { onUnsent(explainUnsent(message.args, 'args', transfer, cause)); };
      if (isSetUp) {
        worker.post(message, transfer, onAnswer as (answer: unknown) => void, explain);
        return;
      }
      isSetUp = true;
      worker.post({ ...message, setup }, [...(transfer ?? []), sidePort], onAnswer as (answer: unknown) => void, (cause) => {
        // The setup was in the message that was not sent.
        isSetUp = false;
        explain(cause);
      });
    },
    batches: {
      sheet,
      run(batch, onDone, onUnsent) {
        sheet.clear(batch.size, batch.number);
        const message: BatchMessage = { type: 'batch', batch };
        worker.post(message, undefined, (done) => { onDone(done as BatchDone); }, onUnsent);
      },
    },
    tell(notice: AbortNotice): void {
      side.postMessage(notice);
      flag.raise(notice);
    },
    flushNotices(): void {
      for (let next = receiveMessageOnPort(side); next !== undefined; next = receiveMessageOnPort(side)) {
        events.onNotice(next.message as WorkerNotice);
      }
    },
    rest() {
      const message: RestMessage = { type: 'rest' };
      worker.post(message, undefined, () => undefined, () => undefined);
    },
    finish(onDone) {
      const message: EndMessage = { type: 'end' };
      worker.post(message, undefined, onDone, onDone);
    },
    isReady: () => Atomics.load(control, layout.ready) === 1,
    stack: () => stackOfThread(worker.thread.threadId),
    terminate: () => attaching.end(() => worker.terminate()),
  };
}
