import { now } from '../../node/clock.ts';
import type { AbortKind, Batch } from '../../wire/messages.ts';
import type { TaskRecord } from '../../task/registry.ts';
import { timeLimit } from '../../node/time-limit.ts';
import { realClock } from '../../node/limit-clock.ts';
import { MAX_BATCH } from '../../wire/batch-results.ts';
import { answered, callsOf, endBatch, endLoadWatch, endUnanswered, forgive, readAnswers, settleAll, takeAnswers } from '../workers/responses.ts';
import { batchOf } from './batch-message.ts';
import type { Call } from '../calls/call.ts';
import { BatchWatch, takeBatch, type BatchLimits } from './coalesce.ts';
import { Endings, takeBack } from '../workers/replacement.ts';
import { lateLoadError, startError } from '../workers/exit-errors.ts';
import type { PoolSettings } from '../options.ts';
import { TaskQueue } from '../calls/queue.ts';
import { messageFor, type PoolWorker } from '../workers/pool-worker.ts';
import { PoolTimings } from '../calls/stats.ts';
import { armTimeout } from './timeout.ts';
import type { Unread } from '../engines/unread.ts';
import { Workers } from '../workers/workers.ts';

/**
 * Brings waiting calls and free workers together, and sees each call to its end. The queue is ours, and a worker gets a
 * task only when it is free: so priorities, bounds, deadlines and cancellation hold until the last moment.
 *
 * Every method is to be called in the root context.
 */
export class Dispatcher {
  readonly queue = new TaskQueue<Call>();
  readonly figures = new PoolTimings();
  readonly #settings: PoolSettings;
  readonly #onChange: () => void;
  readonly #workers: Workers;
  readonly #endings: Endings;
  readonly #watch = new BatchWatch({ read: readAnswers, takeBack: (slot) => { this.#endings.takeBackFrom(slot); } });
  #messages = 0;

  /** @param onChange called whenever a place in the queue or a worker has become free */
  constructor(settings: PoolSettings, onChange: () => void) {
    this.#settings = settings;
    this.#onChange = onChange;
    this.#workers = new Workers(settings, {
      onNotice: (slot, notice) => { this.#endings.noticed(slot, notice); },
      onExit: (slot, exit) => { this.#endings.exited(slot, exit); },
      onMayStart: () => {
        this.pump();
        this.#onChange();
      },
      onLateStart: (slot) => { this.#endings.endLateStart(slot); },
      onStartError: (error) => this.#failFirst(() => startError(settings.name, error)),
      onNoWorker: (reason) => { this.#failWaiting(reason); },
    });
    this.#endings = new Endings({
      ...{ settings, queue: this.queue, workers: this.#workers, onChange },
      unwatch: (slot) => { this.#watch.delete(slot); },
      pump: () => { this.pump(); },
    });
  }

  get counts(): { started: number; crashed: number; replaced: number; messages: number } {
    return { ...this.#workers.counts, messages: this.#messages };
  }

  get busy(): number {
    return this.#workers.busy;
  }

  get idle(): number {
    return this.#workers.idle;
  }

  /** Whether a worker can take a call now: then `pump()` is due. */
  get isPumpable(): boolean {
    return this.#workers.hasFree || this.#workers.refusal !== undefined;
  }

  /** How many tasks of this kind share a message where many wait. */
  batchSize(task: TaskRecord | undefined): number {
    const { budget, runtime } = this.#settings;
    if (task === undefined || budget === 0 || runtime !== 'threads') return 1;
    const { ms } = this.figures.of(task).estimate;
    return Math.max(1, Math.min(MAX_BATCH, Math.floor(budget / Math.max(ms, budget / MAX_BATCH))));
  }

  /** To be called with a call that has just been put into the queue, and that no worker is free for. */
  makeWayFor({ priority }: Call): void {
    this.#watch.makeWayFor(priority);
  }

  /** Sends what waits to the workers that are free. */
  pump(): void {
    while (this.queue.size > 0) {
      const slot = this.#workers.take();
      if (slot === undefined) {
        this.#refuseAll();
        return;
      }
      const [call, ...others] = takeBatch(this.queue, this.#limitsFor(slot));
      if (call === undefined) this.#workers.putBack(slot);
      else if (others.length === 0) this.#dispatch(call, slot);
      else this.#dispatchBatch([call, ...others], slot);
    }
  }

  /** Tells the caller at once, and the task if it runs; its worker goes if it has not stopped within `abortGrace`. */
  cancel(call: Call, kind: AbortKind, reason: () => unknown): void {
    this.queue.remove(call);
    call.fail({ type: 'refused', reason });
    const { slot } = call;
    if (slot?.calls[call.place] === call && !takeBack(call, slot)) this.#tell(call, slot, kind);
    this.#onChange();
  }

  cancelAll(kind: AbortKind, reason: () => unknown): void {
    for (let call = this.queue.shift(); call !== undefined; call = this.queue.shift()) call.fail({ type: 'refused', reason });
    for (const slot of this.#workers.all()) {
      for (const call of callsOf(slot)) this.cancel(call, kind, reason);
    }
    this.#onChange();
  }

  /** From now on workers are started for calls only. */
  windDown(): void {
    this.#workers.minimum = 0;
  }

  /** Ends every worker; to be called when none is busy. */
  async end(): Promise<void> {
    this.#watch.stop();
    await this.#workers.end();
  }

  #tell({ id }: Call, slot: PoolWorker, kind: AbortKind): void {
    if (slot.told === id) return;
    // Only one task of a batch runs at a time: if another was told before, it has ended.
    forgive(slot);
    slot.told = id;
    slot.worker.tell({ type: 'abort', id, kind });
    slot.grace = timeLimit(realClock, this.#settings.abortGrace, () => { this.#endings.replace(slot); });
  }

  #limitsFor(slot: PoolWorker): BatchLimits {
    const { worker, tasks } = slot;
    const { budget, maxThreads, maxTasksPerWorker } = this.#settings;
    // A cold worker gets one task, with its setup. The others get their share of what waits.
    const canShare = worker.batches !== undefined && tasks > 0 && budget > 0;
    const size = canShare ? Math.min(MAX_BATCH, maxTasksPerWorker - tasks, Math.ceil(this.queue.size / maxThreads)) : 1;
    return { budget, size, workers: maxThreads, slot };
  }

  #dispatch(call: Call, slot: PoolWorker): void {
    this.#send([call], slot, false);
    if (slot.tasks === 0) this.#workers.watchStart(slot);
    if (!slot.knownTasks.has(call.task)) this.#watchLoad(call, slot);
    slot.worker.run(messageFor(call, slot), call.extras?.transfer, {
      onAnswer: (response) => {
        slot.worker.flushNotices();
        if (slot.tasks === 0) this.#workers.recordStart(slot);
        answered(slot, call, response, 0);
        this.#release(slot);
      },
      onUnsent: (error) => {
        // The worker knows nothing of it.
        call.fail({ type: 'refused', reason: () => error });
        this.#release(slot);
      },
      onUnread: (unread) => { this.#hasNoAnswer(slot, unread); },
    });
    this.#workers.ensureMinimum();
  }

  /** A module may wait for ever at its top level: for another one that waits for it, or for its own task. */
  #watchLoad(call: Call, slot: PoolWorker): void {
    const { startTimeout } = this.#settings;
    // A cold worker has as much for its own start.
    const ms = slot.tasks === 0 ? 2 * startTimeout : startTimeout;
    endLoadWatch(slot);
    slot.loadTimer = timeLimit(realClock, ms, () => {
      if (slot.calls[call.place] === call && slot.worker.isReady()) this.cancel(call, 'timeout', () => lateLoadError(call.task, ms));
    });
  }

  #dispatchBatch(calls: Call[], slot: PoolWorker): void {
    const onUnsent = (): void => {
      slot.sentTexts.forget();
      for (const call of callsOf(slot).reverse()) {
        call.travelsAlone = true;
        this.#endings.wait(call, slot);
      }
      this.#release(slot);
    };
    this.#send(calls, slot, true);
    let batch: Batch;
    try {
      batch = batchOf(calls, slot, ++slot.batches);
    } catch {
      // An argument is read here, and may be a getter that throws.
      onUnsent();
      return;
    }
    slot.worker.batches?.run(batch, {
      onDone: ({ memory = 0 }) => {
        slot.worker.flushNotices();
        const answers = takeAnswers(slot);
        this.#endUnanswered(slot);
        if (answers.calls.length > 0) slot.leniency = Math.max(1, slot.leniency / 2);
        slot.memory = memory;
        // First the next batch: meanwhile the callers go on.
        this.#release(slot);
        settleAll(answers);
      },
      onUnsent,
      onUnread: (unread) => {
        // One of many messages in it was too much for the worker, which has started none.
        if (unread.where === 'there') onUnsent();
        else this.#hasNoAnswer(slot, unread);
      },
    });
    this.#watch.add(slot);
  }

  /** The worker is done with a batch: what it has not started waits again, and what has got no answer will get none. */
  #endUnanswered(slot: PoolWorker): void {
    if (callsOf(slot).length > 0) this.#endings.takeBackFrom(slot);
    endBatch(slot);
  }

  #hasNoAnswer(slot: PoolWorker, unread: Unread): void {
    readAnswers(slot);
    endUnanswered(slot, unread);
    // What it was to be set up with was in a message that it could not read.
    if (!slot.worker.isReady()) {
      this.#endings.replace(slot);
      return;
    }
    this.#workers.recordStart(slot);
    this.#release(slot);
  }

  #send(calls: Call[], slot: PoolWorker, isBatch: boolean): void {
    this.#messages++;
    slot.state = 'busy';
    slot.calls = calls;
    slot.isBatch = isBatch;
    slot.sentAt = now();
    for (const [place, call] of calls.entries()) {
      call.state = 'running';
      call.slot = slot;
      call.place = place;
      if (call.extras === undefined) continue;
      if (call.extras.traced !== undefined) call.extras.traced.waitMs = slot.sentAt - call.calledAt;
      armTimeout(call, call.extras, slot.worker, this.#settings.clock, (reason) => { this.cancel(call, 'timeout', reason); });
    }
  }

  #release(slot: PoolWorker): void {
    slot.calls = [];
    endLoadWatch(slot);
    this.#watch.delete(slot);
    forgive(slot);
    if (slot.state === 'ending') return;
    const { maxTasksPerWorker, maxMemoryBeforeRecycle = Infinity } = this.#settings;
    if (slot.tasks >= maxTasksPerWorker || slot.memory > maxMemoryBeforeRecycle || (slot.isSpoiled !== undefined && this.#endings.isToGo(slot))) {
      this.#endings.replace(slot);
      return;
    }
    this.#workers.putBack(slot);
    if (this.queue.size === 0) this.#watch.shareAhead();
    this.pump();
    this.#onChange();
  }

  #refuseAll(): void {
    const { refusal } = this.#workers;
    if (refusal !== undefined) this.#failWaiting(refusal);
  }

  #failWaiting(reason: () => unknown): void {
    for (let call = this.queue.shift(); call !== undefined; call = this.queue.shift()) call.fail({ type: 'refused', reason });
    this.#onChange();
  }

  /** A worker that cannot be started is the error of the call that needed it, and never a call that waits for ever. */
  #failFirst(reason: () => unknown): boolean {
    const call = this.queue.shift();
    call?.fail({ type: 'refused', reason });
    return call !== undefined;
  }
}
