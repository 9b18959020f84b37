import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';

import { inCleanRoot } from '../../context/root.ts';
import { AbortFlag } from '../../wire/abort-flag.ts';
import { layout, type AbortNotice, type BatchDone, type BatchMessage, type EndMessage, type RestMessage, type WorkerNotice, type WorkerSetup } from '../../wire/messages.ts';
import { BatchResults } from '../../wire/batch-results.ts';
import { explainUnsent } from '../../wire/values/uncloneable.ts';
import { inspectorLock } from './worker-stack/inspector-lock.ts';
import type { EngineWorker, WorkerEvents, WorkerOptions } from './engine.ts';
import { stackOfThread } from './worker-stack/worker-stack.ts';
import { startThread } from './tinypool/one-worker.ts';

/** A worker thread. */
export function startThreadWorker(options: WorkerOptions, events: WorkerEvents): EngineWorker {
  // Before the thread, which would be left behind where there is no memory for these.
  const control = new Int32Array(new SharedArrayBuffer(layout.size * Int32Array.BYTES_PER_ELEMENT));
  const flag = new AbortFlag(control);
  const sheet = new BatchResults();
  const worker = startThread(options, events);
  const { port1: side, port2: sidePort } = new MessageChannel();
  const notices = new Notices(side, control, events);
  inCleanRoot(() => { notices.listen(); });
  side.unref();
  const gone = new Promise((resolve) => worker.thread.once('exit', resolve));
  void gone.then(() => { side.close(); });
  inspectorLock.add({ gone, isEnding: () => Atomics.load(control, layout.ending) === 1 });
  const setup: WorkerSetup = { preload: options.preload, reportMemory: options.reportMemory, sidePort, control: control.buffer, attaching: inspectorLock.flag.buffer, sheet: sheet.buffer };
  let isSetUp = false;

  return {
    run(message, transfer, { onAnswer, onUnsent, onUnread }) {
      const explain = (cause: unknown): void => { onUnsent(explainUnsent(message.args, 'args', transfer, cause)); };
      const callbacks = { onAnswer: onAnswer as (answer: unknown) => void, onUnsent: explain, onUnread };
      if (isSetUp) {
        worker.post(message, transfer, callbacks);
        return;
      }
      isSetUp = true;
      callbacks.onUnsent = (cause) => {
        // The setup was in the message that was not sent.
        isSetUp = false;
        explain(cause);
      };
      worker.post({ ...message, setup }, [...(transfer ?? []), sidePort], callbacks);
    },
    batches: {
      sheet,
      run(batch, { onDone, onUnsent, onUnread }) {
        sheet.clear(batch.size, batch.number);
        const message: BatchMessage = { type: 'batch', batch };
        worker.post(message, undefined, { onAnswer: (done) => { onDone(done as BatchDone); }, onUnsent, onUnread });
      },
    },
    tell(notice: AbortNotice): void {
      side.postMessage(notice);
      flag.raise(notice);
    },
    flushNotices: () => { notices.flush(); },
    rest() {
      const message: RestMessage = { type: 'rest' };
      worker.post(message, undefined, { onAnswer: () => undefined, onUnsent: () => undefined, onUnread: () => undefined });
    },
    finish(onDone) {
      const message: EndMessage = { type: 'end' };
      worker.post(message, undefined, { onAnswer: onDone, onUnsent: onDone, onUnread: onDone });
    },
    isReady: () => Atomics.load(control, layout.ready) === 1,
    stack: () => stackOfThread(worker.thread.threadId),
    terminate: () => inspectorLock.end(() => worker.terminate()),
  };
}

/** What the worker posts beside its answers. */
class Notices {
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #events: WorkerEvents;
  #received = 0;

  constructor(port: MessagePort, control: Int32Array, events: WorkerEvents) {
    this.#port = port;
    this.#control = control;
    this.#events = events;
  }

  listen(): void {
    this.#port.on('message', (notice: WorkerNotice) => { this.#take(notice); });
    this.#port.on('messageerror', (cause) => { this.#take({ type: 'unread', cause }); });
  }

  /** Takes in what has been posted by now, and no more: a task may post faster than this thread can read. */
  flush(): void {
    const posted = Atomics.load(this.#control, layout.posted);
    // The numbers may wrap around.
    while (((posted - this.#received) | 0) > 0) {
      const notice = this.#next();
      if (notice === undefined) return;
      this.#take(notice);
    }
  }

  #next(): WorkerNotice | undefined {
    try {
      return receiveMessageOnPort(this.#port)?.message as WorkerNotice | undefined;
    } catch (cause) {
      return { type: 'unread', cause };
    }
  }

  #take(notice: WorkerNotice): void {
    this.#received = (this.#received + 1) | 0;
    Atomics.store(this.#control, layout.received, this.#received);
    this.#events.onNotice(notice);
  }
}
