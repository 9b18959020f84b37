import type { OffloopError } from '../../errors.ts';
import type { WorkerNotice } from '../../wire/messages/notices.ts';
import type { PoolStats } from '../calls/stats.ts';
import type { PoolSettings } from '../settings.ts';
import { readAll, readNotice } from '../responses/notices.ts';
import { Niceness } from '../spares/niceness.ts';
import type { WorkersEvents } from './events.ts';
import { CapacityWatch } from '../capacity/capacity-watch.ts';
import { IdleWorkers } from './idle.ts';
import { EndingWorkers } from './life/ending-workers.ts';
import { lateStartError, warnOfLeftover } from './life/exit-errors.ts';
import { failLateStart } from './life/late-start.ts';
import { Exits } from './life/exits.ts';
import { Launcher } from './life/launcher.ts';
import { Recycling } from './life/recycling.ts';
import { Places } from './places.ts';
import { PoolWorker } from './pool-worker.ts';

/** Where a worker has so few tasks, its start is a part of the queue's pace. */
const FEW_TASKS = 100;

/** The workers of a pool: started when there is work, kept while they idle, and no more than `maxThreads` and the spares. */
export class Workers {
  readonly #settings: PoolSettings;
  readonly #events: WorkersEvents;
  readonly #launcher: Launcher;
  readonly #recycling: Recycling;
  readonly #workers = new Set<PoolWorker>();
  readonly #idle: IdleWorkers;
  readonly #counts = { started: 0, crashed: 0, replaced: 0 };
  readonly #ending: EndingWorkers;
  readonly #exits: Exits;
  readonly places: Places;
  readonly capacity: CapacityWatch;
  readonly niceness = new Niceness();
  /** How many workers are kept, even when there is nothing to do. */
  #minimum: number;

  constructor(settings: PoolSettings, events: WorkersEvents) {
    const { endGrace, idleTimeout, maxThreads, spareThreads } = settings;
    const most = maxThreads + spareThreads;
    const roomFree = (): void => { events.workerFree(undefined); };
    this.#settings = settings;
    this.#events = events;
    this.#minimum = settings.minThreads;
    this.#launcher = new Launcher(settings, {
      // Workers that run their end hooks are not counted as the pool's, but must not pile up either: their hooks may never finish.
      hasRoom: () => this.#workers.size < most && this.#ending.runningHooks < most,
      hasNoWorkers: () => this.#workers.size === 0 && this.#ending.size === 0,
      pauseOver: roomFree,
      numberFree: () => { this.ensureMinimum(); roomFree(); },
      // Where only a spare cannot be started, the calls wait for the others.
      startRefused: (reason, calls) => this.#workers.size < maxThreads && events.startRefused(reason, calls),
    });
    this.#exits = new Exits(settings.name, this.#counts, this.#launcher, {
      callsReturned: (calls) => { events.callsReturned(calls); },
      ensureMinimum: () => { this.ensureMinimum(); },
    });
    this.#recycling = new Recycling(settings);
    this.#ending = new EndingWorkers(endGrace, roomFree);
    this.#idle = new IdleWorkers({ idleTimeout, surplus: () => this.#workers.size - this.#minimum, end: (worker) => { this.#end(worker); } });
    this.capacity = new CapacityWatch(maxThreads, settings.mayShrink, {
      running: () => [...this.#workers].filter(({ message }) => message.calls.length > 0),
      isQueueing: () => events.isQueueing(),
      changed: roomFree,
    });
    this.places = new Places(this.#idle, { workers: this.#workers, capacity: this.capacity, launcher: this.#launcher, start: () => this.#start() });
  }

  get busy(): number {
    return this.#workers.size - this.#idle.size;
  }

  stats(): Omit<PoolStats['workers'], 'messages'> {
    const lowered = [...this.#workers].filter(({ loweredBy }) => loweredBy > 0).length;
    return { busy: this.busy, idle: this.#idle.size, max: this.#settings.maxThreads, spares: this.places.spares, lowered, sparesStarted: this.places.sparesStarted, ...this.#counts };
  }

  /** Why no call can run for now: there is no worker, and none will be started. */
  get refusal(): (() => OffloopError) | undefined {
    return this.#workers.size === 0 ? this.#launcher.refusal : undefined;
  }

  all(): Iterable<PoolWorker> {
    return this.#workers;
  }

  ensureMinimum(): void {
    while (this.#workers.size < this.#minimum) {
      const worker = this.#start();
      if (worker === undefined) return;
      this.#idle.push(worker);
    }
  }

  /** From now on workers are started for calls only. */
  dropMinimum(): void {
    this.#minimum = 0;
  }

  /** Ends all workers. Call this when none is busy. */
  async end(): Promise<void> {
    this.#idle.stop();
    this.capacity.stop();
    this.#launcher.stop();
    for (const worker of [...this.#workers]) this.#end(worker);
    await this.#ending.whenGone();
  }

  /** Call this with each response of a worker. */
  markStarted(worker: PoolWorker): void {
    if (worker.state !== 'starting') return;
    worker.markStarted();
    this.#launcher.recordSuccess();
  }

  /** Call this when the worker is done with its message. */
  release(worker: PoolWorker): void {
    worker.endMessage();
    if (worker.isGone) return;
    this.places.leave(worker);
    if (worker.loweredBy > 0) this.niceness.raise(worker);
    if (this.#recycling.claimReplacement(worker, !this.#launcher.isInline)) this.replace(worker);
    else {
      this.#idle.push(worker);
      this.#events.workerFree(worker);
    }
  }

  /** Ends a worker; another one may take its place. */
  replace(worker: PoolWorker): void {
    if (worker.isGone) return;
    this.#counts.replaced++;
    this.#events.callsReturned(worker.takeBackUnstarted());
    this.#end(worker);
    this.ensureMinimum();
    this.#events.workerFree(undefined);
  }

  /** Call this when a worker is not ready `startTimeout` ms after it was sent its first call. */
  endLateStart(worker: PoolWorker): void {
    const reason = (): OffloopError => lateStartError(this.#settings.name, this.#settings.startTimeout);
    this.#launcher.giveUp(reason);
    if (failLateStart(worker, reason, this.#workers.size === 1)) this.replace(worker);
  }

  #start(): PoolWorker | undefined {
    const engine = this.#launcher.start({
      onNotice: (notice) => { this.#handleNotice(worker, notice); },
      onExit: (exit) => {
        const before = worker.state;
        // This comes before its notices are read: one of them may ask to replace the worker, whose end would count twice.
        this.#remove(worker, 'ended');
        this.#exits.handle(worker, exit, before);
        this.#events.workerFree(undefined);
      },
    });
    if (engine === undefined) return undefined;
    const { agedAfter, abortGrace, maxTasksPerWorker } = this.#settings;
    const worker = new PoolWorker(engine, { agedAfter, abortGrace, startsOften: maxTasksPerWorker <= FEW_TASKS, onGraceOver: () => { this.#endGrace(worker); } });
    this.#counts.started++;
    this.#workers.add(worker);
    return worker;
  }

  /** A batch's next call may run by now, and must not be ended for the aborted one: so no further call starts, and the responses are read first. */
  #endGrace(worker: PoolWorker): void {
    this.#events.callsReturned(worker.takeBackUnstarted());
    readAll(worker);
    if (worker.hasAbort) this.replace(worker);
    else this.#events.workerFree(undefined);
  }

  #end(worker: PoolWorker): void {
    this.#remove(worker, 'ending');
    this.#ending.end(worker);
  }

  #remove(worker: PoolWorker, state: 'ending' | 'ended'): void {
    worker.end(state);
    this.places.leave(worker);
    this.#workers.delete(worker);
    this.#idle.remove(worker);
  }

  #handleNotice(worker: PoolWorker, notice: WorkerNotice): void {
    readNotice(worker, notice, (call) => { this.#events.callsReturned([call]); });
    if (notice.type !== 'leftover' || notice.isFatal) return;
    warnOfLeftover(this.#settings.name, notice);
    worker.recycle('leftover');
    if (worker.state === 'idle') this.replace(worker);
  }
}
