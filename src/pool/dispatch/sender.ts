import { lateLoadError } from '../workers/life/exit-errors.ts';
import type { Batch } from '../../wire/messages/batch.ts';
import type { Call } from '../calls/call.ts';
import type { Unread } from '../engines/unread.ts';
import type { PoolSettings } from '../settings.ts';
import { endBatch, readAll } from '../responses/notices.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';
import { failPending, respond } from '../responses/responses.ts';
import { settleResults, takeResults } from '../responses/taken-results.ts';
import type { Workers } from '../workers/workers.ts';
import { batchOf } from './batch-message.ts';
import type { BatchWatch } from './batch-watch.ts';
import { runMessage } from './run-message.ts';
import { armTimeout } from './timeout.ts';

export interface SenderEvents {
  /** These calls were sent, have not been started, and go back to the queue; the last one comes first. */
  callsReturned(calls: readonly Call[]): void;
  /** A time limit of the call is over. */
  timedOut(call: Call, reason: () => unknown): void;
}

/** Sends calls to workers, and follows each message to its end: a response, or a failure in its place. */
export class Sender {
  readonly #settings: PoolSettings;
  readonly #workers: Workers;
  readonly #watch: BatchWatch;
  readonly #events: SenderEvents;
  #messages = 0;

  constructor(settings: PoolSettings, workers: Workers, watch: BatchWatch, events: SenderEvents) {
    this.#settings = settings;
    this.#workers = workers;
    this.#watch = watch;
    this.#events = events;
  }

  /** How many messages were sent. */
  get messages(): number {
    return this.#messages;
  }

  sendOne(call: Call, worker: PoolWorker): void {
    this.#begin([call], worker, false);
    if (worker.state === 'starting') worker.beginning.watchStart(this.#settings.startTimeout, () => { this.#workers.endLateStart(worker); });
    if (worker.knowledge.numberOf(call.task) === undefined) this.#watchLoad(call, worker);
    worker.engine.run(runMessage(call, worker.knowledge), call.extras?.transfer, {
      onResponse: (response) => {
        worker.engine.flushNotices();
        this.#workers.markStarted(worker);
        respond(worker, call, response, 0);
        this.#workers.release(worker);
      },
      onUnsent: (error) => {
        // The message was not sent, so the worker has seen neither the call nor, if this was the first call, its setup.
        worker.beginning.endStartWatch();
        worker.message.cpu.drop();
        call.refundCharge();
        call.learned.isExplored = false;
        call.fail({ type: 'refused', reason: () => error });
        this.#workers.release(worker);
      },
      onUnread: (unread) => { this.#endUnread(worker, unread); },
    });
    this.#workers.ensureMinimum();
  }

  sendBatch(calls: Call[], worker: PoolWorker): void {
    this.#begin(calls, worker, true);
    let batch: Batch;
    try {
      batch = batchOf(calls, worker);
    } catch {
      // Arguments are read here, and reading one may call a getter that throws.
      this.#returnBatch(worker);
      return;
    }
    worker.engine.batches?.run(batch, {
      onDone: ({ memory = 0 }) => { this.#endBatch(worker, memory); },
      onUnsent: () => { this.#returnBatch(worker); },
      onUnread: (unread) => {
        // The worker could not read one of the calls, and has started none of them.
        if (unread.where === 'there') this.#returnBatch(worker);
        else this.#endUnread(worker, unread);
      },
    });
    this.#watch.add(worker);
  }

  #begin(calls: Call[], worker: PoolWorker, isBatch: boolean): void {
    this.#messages++;
    worker.begin(calls, isBatch);
    for (const call of calls) {
      if (call.extras !== undefined) armTimeout(call, call.extras, worker, this.#settings.engine.clock, (reason) => { this.#events.timedOut(call, reason); });
    }
  }

  /** A module may wait forever at its top level: for a module that waits for it, or for a call of its own task. */
  #watchLoad(call: Call, worker: PoolWorker): void {
    const { startTimeout } = this.#settings;
    // A cold worker has the same time for its own start.
    const ms = worker.state === 'starting' ? 2 * startTimeout : startTimeout;
    worker.beginning.watchLoad(call, ms, () => { this.#events.timedOut(call, () => lateLoadError(call.task, ms)); });
  }

  #endBatch(worker: PoolWorker, memory: number): void {
    worker.engine.flushNotices();
    const results = takeResults(worker);
    // The worker is done with the batch: calls that were not started go back to the queue, and other calls without a response will get none.
    if (worker.message.pendingCalls().length > 0) this.#watch.takeBack(worker);
    endBatch(worker);
    if (results.calls.length > 0) worker.silence.narrow();
    worker.memory = memory;
    // The next batch is sent first, so that the worker has work while the callers go on.
    this.#release(worker);
    settleResults(results);
  }

  /** Sends the calls of a batch again, each in a message of its own, because the batch could not be sent or read. */
  #returnBatch(worker: PoolWorker): void {
    worker.knowledge.texts.forget();
    const calls = worker.message.pendingCalls().reverse();
    for (const call of calls) call.travelsAlone = true;
    worker.message.cpu.drop();
    worker.message.end();
    this.#events.callsReturned(calls);
    this.#release(worker);
  }

  #endUnread(worker: PoolWorker, unread: Unread): void {
    readAll(worker);
    if (unread.where === 'there') worker.message.cpu.drop();
    failPending(worker, unread);
    // The unread message had the worker's setup, so the worker cannot be used.
    if (!worker.engine.isReady()) {
      this.#watch.delete(worker);
      this.#workers.replace(worker);
      return;
    }
    this.#workers.markStarted(worker);
    this.#release(worker);
  }

  #release(worker: PoolWorker): void {
    this.#watch.delete(worker);
    this.#workers.release(worker);
  }
}
