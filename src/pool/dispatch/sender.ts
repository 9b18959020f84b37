import { lateLoadError } from '../workers/exit-errors.ts';
import type { Batch } from '../../wire/messages/batch.ts';
import type { Call } from '../calls/call.ts';
import type { Unread } from '../engines/unread.ts';
import type { PoolSettings } from '../options.ts';
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
  /** These calls were sent, have not been started, and are to wait again; the last one first. */
  callsReturned(calls: readonly Call[]): void;
  /** The call's time is over. */
  timedOut(call: Call, reason: () => unknown): void;
}

/** Sends calls to workers, and follows each message to its end: a response, or what comes in its place. */
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
    if (worker.state === 'starting') worker.watchStart(this.#settings.startTimeout, () => { this.#workers.endLateStart(worker); });
    if (worker.knowledge.numberOf(call.task) === undefined) this.#watchLoad(call, worker);
    worker.engine.run(runMessage(call, worker.knowledge), call.extras?.transfer, {
      onResponse: (response) => {
        worker.engine.flushNotices();
        this.#workers.markStarted(worker);
        respond(worker, call, response, 0);
        this.#workers.release(worker);
      },
      onUnsent: (error) => {
        // The worker knows nothing of the call.
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
      // An argument is read here, and may be a getter that throws.
      this.#returnBatch(worker);
      return;
    }
    worker.engine.batches?.run(batch, {
      onDone: ({ memory = 0 }) => { this.#endBatch(worker, memory); },
      onUnsent: () => { this.#returnBatch(worker); },
      onUnread: (unread) => {
        // One of the calls was too much for the worker, which has started none.
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
      if (call.extras !== undefined) armTimeout(call, call.extras, worker.engine, this.#settings.engine.clock, (reason) => { this.#events.timedOut(call, reason); });
    }
  }

  /** A module may wait for ever at its top level: for another one that waits for it, or for its own task. */
  #watchLoad(call: Call, worker: PoolWorker): void {
    const { startTimeout } = this.#settings;
    // A cold worker has as much for its own start.
    const ms = worker.state === 'starting' ? 2 * startTimeout : startTimeout;
    worker.watchLoad(call, ms, () => { this.#events.timedOut(call, () => lateLoadError(call.task, ms)); });
  }

  #endBatch(worker: PoolWorker, memory: number): void {
    worker.engine.flushNotices();
    const results = takeResults(worker);
    // The worker is done with the batch: what it has not started waits again, and what has got no response will get none.
    if (worker.message.pendingCalls().length > 0) this.#watch.takeBack(worker);
    endBatch(worker);
    if (results.calls.length > 0) worker.silence.narrow();
    worker.memory = memory;
    // First the next batch: meanwhile the callers go on.
    this.#release(worker);
    settleResults(results);
  }

  /** The batch cannot be sent: each of its calls is sent by itself. */
  #returnBatch(worker: PoolWorker): void {
    worker.knowledge.texts.forget();
    const calls = worker.message.pendingCalls().reverse();
    for (const call of calls) call.travelsAlone = true;
    worker.message.end();
    this.#events.callsReturned(calls);
    this.#release(worker);
  }

  #endUnread(worker: PoolWorker, unread: Unread): void {
    readAll(worker);
    failPending(worker, unread);
    // The setup of the worker was in a message that it could not read.
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
