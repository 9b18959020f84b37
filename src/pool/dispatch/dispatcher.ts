import type { TaskRecord } from '../../task/registry.ts';
import { MAX_BATCH } from '../../wire/batch-results.ts';
import type { AbortKind } from '../../wire/messages/requests.ts';
import type { Call } from '../calls/call.ts';
import { TaskQueue } from '../queue/task-queue.ts';
import { PoolTimings, type PoolStats } from '../calls/stats.ts';
import type { PoolSettings } from '../settings.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';
import { Workers } from '../workers/workers.ts';
import { Spares } from '../spares/spares.ts';
import { BatchWatch } from './batch-watch.ts';
import { Chooser } from './chooser.ts';
import { Sender } from './sender.ts';
import { takeBatch, type BatchLimits } from './take-batch.ts';

/**
 * Brings waiting calls and free workers together, and sees each call to its end. The queue is the pool's own, and a worker gets a
 * call only when it is free: so priorities, bounds, deadlines and cancellation hold until the last moment.
 *
 * Call every method in the root context.
 */
export class Dispatcher {
  readonly queue: TaskQueue<Call>;
  readonly timings = new PoolTimings();
  readonly #settings: PoolSettings;
  readonly #onChange: () => void;
  readonly #workers: Workers;
  readonly #spares: Spares;
  readonly #chooser: Chooser;
  readonly #watch: BatchWatch;
  readonly #sender: Sender;

  /** @param onChange called whenever a queue slot or a worker has become free */
  constructor(settings: PoolSettings, onChange: () => void) {
    this.#settings = settings;
    this.queue = new TaskQueue(settings.fairBy !== undefined);
    this.#onChange = onChange;
    const callsReturned = (calls: readonly Call[]): void => { this.#requeue(calls); };
    this.#workers = new Workers(settings, {
      workerFree: (worker) => { this.#workerFree(worker); },
      callsReturned,
      isQueueing: () => this.queue.size > 0,
      startRefused: (reason, calls) => (calls === 'first' ? this.#failFirst(reason) : this.#failWaiting(reason)),
    });
    this.#spares = new Spares(settings, this.#workers, () => { this.pump(); });
    this.#chooser = new Chooser(settings, this.queue, this.#workers, this.#spares);
    this.#watch = new BatchWatch((calls) => {
      this.#requeue(calls);
      this.pump();
    });
    this.#sender = new Sender(settings, this.#workers, this.#watch, { callsReturned, timedOut: (call, reason) => { this.cancel(call, 'timeout', reason); } });
  }

  get busy(): number {
    return this.#workers.busy;
  }

  /** The statistics of the workers. */
  workerStats(): PoolStats['workers'] {
    return { ...this.#workers.stats(), messages: this.#sender.messages };
  }

  /** Brings the CPU times in the statistics up to date. */
  collectCpu(): void {
    for (const { message } of this.#workers.all()) message.cpu.collect();
  }

  /** Whether `pump()` has something to do: a worker is free, or no worker can be started, and waiting calls are to be refused. */
  get isPumpable(): boolean {
    return this.hasFree || this.#spares.isOpen;
  }

  /** Whether a call that is queued now goes to a worker at once, or, where no worker can be started, is refused. */
  get hasFree(): boolean {
    return this.#workers.places.hasFree || this.#workers.refusal !== undefined;
  }

  /** How many waiting calls have a worker's place already, and so take no queue slot. */
  get promisedPlaces(): number {
    return this.#workers.places.promised;
  }

  /** How many calls of this task share a message where many wait. */
  batchSize(task: TaskRecord | undefined): number {
    const { budget, engine } = this.#settings;
    if (task === undefined || budget === 0 || !engine.canBatch) return 1;
    const ms = this.timings.of(task).recent?.mean ?? Infinity;
    return Math.max(1, Math.min(MAX_BATCH, Math.floor(budget / Math.max(ms, budget / MAX_BATCH))));
  }

  /** Call this with a call that was just queued, when no worker is free: takes back less urgent prefetched calls. */
  handleWaiting(call: Call): void {
    this.#watch.takeBackLessUrgent(call);
    // Behind another waiting call, the workers are watched already.
    if (this.queue.size === 1) this.watchWorkers();
  }

  /** Call this when calls have been queued, and no worker is free. */
  watchWorkers(): void {
    this.#spares.watch();
    this.#workers.capacity.watch();
  }

  /** Sends waiting calls to the free workers. */
  pump(): void {
    while (this.queue.size > 0) {
      const chosen = this.#chooser.next();
      if (chosen === undefined) {
        const { refusal } = this.#workers;
        if (refusal !== undefined) this.#failWaiting(refusal);
        this.watchWorkers();
        return;
      }
      const { worker, choice } = chosen;
      const [call, ...others] = takeBatch(this.queue, choice, this.#limitsFor(worker));
      if (call === undefined) this.#workers.places.putBack(worker);
      else {
        if (others.length === 0) this.#sender.sendOne(call, worker);
        else this.#sender.sendBatch([call, ...others], worker);
        this.#chooser.begin(chosen, call);
      }
    }
  }

  /** Rejects the call at once, and sends an abort if its task runs. The worker is replaced if the task has not stopped within `abortGrace`. */
  cancel(call: Call, kind: AbortKind, reason: () => unknown): void {
    this.queue.remove(call);
    const { worker } = call;
    if (worker?.holds(call) !== true) call.fail({ type: 'refused', reason });
    else if (worker.takeBack(call)) {
      call.refundCharge();
      call.fail({ type: 'refused', reason });
    } else {
      worker.learnFromLost(call);
      call.fail({ type: 'refused', reason });
      worker.sendAbort(call, kind);
    }
    this.#onChange();
  }

  cancelAll(kind: AbortKind, reason: () => unknown): void {
    this.#failWaiting(reason);
    for (const { message } of this.#workers.all()) {
      for (const call of message.pendingCalls()) this.cancel(call, kind, reason);
    }
    this.#onChange();
  }

  /** From now on workers are started for calls only. */
  dropMinimum(): void {
    this.#workers.dropMinimum();
  }

  /** Ends every worker. Call this when none is busy. */
  async end(): Promise<void> {
    this.#watch.stop();
    this.#spares.stop();
    await this.#workers.end();
  }

  #limitsFor({ engine, completed, knowledge }: PoolWorker): BatchLimits {
    const { budget, maxThreads, maxTasksPerWorker, fairBy } = this.#settings;
    // A cold worker gets one call, with its setup. Other workers get their share of the waiting calls.
    const canShare = engine.batches !== undefined && completed > 0 && budget > 0;
    const size = canShare ? Math.min(MAX_BATCH, maxTasksPerWorker - completed, Math.ceil(this.queue.size / maxThreads)) : 1;
    // Calls that were sent early cannot take turns any more.
    return { budget, size, workers: maxThreads, knowledge, mayPrefetch: fairBy === undefined };
  }

  #workerFree(worker: PoolWorker | undefined): void {
    if (worker !== undefined && this.queue.size === 0) this.#watch.takeBackPrefetched();
    this.pump();
    this.#onChange();
  }

  /** Puts calls back at the head of the queue, in their old order. Calls that were cancelled meanwhile are left out. */
  #requeue(calls: readonly Call[]): void {
    for (const call of calls) {
      if (call.state === 'settled') call.refundCharge();
      else {
        call.markWaiting();
        this.queue.unshift(call);
      }
    }
  }

  #failWaiting(reason: () => unknown): boolean {
    const isWaiting = this.queue.size > 0;
    for (let call = this.queue.shift(); call !== undefined; call = this.queue.shift()) call.fail({ type: 'refused', reason });
    this.#onChange();
    return isWaiting;
  }

  #failFirst(reason: () => unknown): boolean {
    const call = this.queue.shift();
    call?.fail({ type: 'refused', reason });
    return call !== undefined;
  }
}
