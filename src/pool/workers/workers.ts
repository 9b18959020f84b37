import type { OffloopError } from '../../errors.ts';
import { withPlainPrototype } from '../../node/plain-prototype.ts';
import { timeLimit } from '../../node/time-limit.ts';
import { realClock } from '../../node/limit-clock.ts';
import type { WorkerNotice } from '../../wire/messages.ts';
import { callsOf, endLoadWatch } from './responses.ts';
import type { Engine, WorkerExit, WorkerOptions } from '../engines/engine.ts';
import { isDenied, warnOfNoWorkers } from './exit-errors.ts';
import { IdleSlots } from './idle.ts';
import { inlineWorker } from '../engines/inline.ts';
import type { PoolSettings } from '../options.ts';
import { processWorker } from '../engines/processes.ts';
import { finished } from './end-hooks.ts';
import { shortageError, shortageOf } from '../engines/shortage.ts';
import { createSlot, type PoolWorker } from './pool-worker.ts';
import { Reloads, Starts } from './starts.ts';
import { stopStackReader } from '../engines/worker-stack/worker-stack.ts';
import { threadWorker } from '../engines/threads.ts';

const engines: Record<PoolSettings['runtime'], Engine> = { threads: threadWorker, processes: processWorker, inline: inlineWorker };

export interface WorkersEvents {
  onNotice(slot: PoolWorker, notice: WorkerNotice): void;
  /** The slot is to be given to `forget`. */
  onExit(slot: PoolWorker, exit: WorkerExit): void;
  /** A worker may be started again, after a pause or since another one is gone. */
  onMayStart(): void;
  /** One has had its first task for `startTimeout` ms, and is not ready. The slot is to be given to `remove`. */
  onLateStart(slot: PoolWorker): void;
  /** No worker could be started. False where that is to be tried no more. */
  onStartError(error: unknown): boolean;
  /** The machine has no room for a worker, and there is none to wait for. */
  onNoWorker(reason: () => OffloopError): void;
}

/** The workers of a pool: started when there is work, kept while they idle, and no more than `maxThreads`. */
export class Workers {
  /** How many are kept, also when there is nothing to do. */
  minimum: number;
  readonly #starts: Starts;
  readonly #reloads = new Reloads();
  readonly counts = { started: 0, crashed: 0, replaced: 0 };
  readonly #settings: PoolSettings;
  readonly #options: WorkerOptions;
  readonly #events: WorkersEvents;
  #engine: Engine;
  readonly #slots = new Set<PoolWorker>();
  readonly #idle: IdleSlots;
  /** How many were started since there was none. */
  #together = 0;
  /** On their way out: they no longer count. */
  readonly #ending = new Set<Promise<void>>();
  /** Of these, how many do what is to be done before that. */
  #finishing = 0;

  constructor(settings: PoolSettings, events: WorkersEvents) {
    const { resourceLimits, execArgv, env, preload, maxMemoryBeforeRecycle, idleTimeout, minThreads } = settings;
    this.minimum = minThreads;
    this.#settings = settings;
    this.#options = { resourceLimits, execArgv, env, preload, reportMemory: maxMemoryBeforeRecycle !== undefined };
    this.#events = events;
    this.#starts = new Starts(() => { events.onMayStart(); });
    this.#engine = engines[settings.runtime];
    this.#idle = new IdleSlots({ idleTimeout, surplus: () => this.#slots.size - this.minimum, end: (slot) => { this.remove(slot); } });
  }

  get busy(): number {
    return this.#slots.size - this.#idle.size;
  }

  get idle(): number {
    return this.#idle.size;
  }

  /** One is idle, or may be started. */
  get hasFree(): boolean {
    return this.#idle.size > 0 || (this.#hasRoom && this.#mayStart);
  }

  /** Those that are finishing count no more, but must not pile up either: what they wait for may not answer. */
  get #hasRoom(): boolean {
    const { maxThreads } = this.#settings;
    return this.#slots.size < maxThreads && this.#finishing < maxThreads;
  }

  get #mayStart(): boolean {
    return this.#starts.mayStart || (this.#isAlone && this.#starts.isShortOnly);
  }

  /** No worker lives, and none is on its way out that leaves room for another one. */
  get #isAlone(): boolean {
    return this.#slots.size === 0 && this.#ending.size === 0;
  }

  /** There is none, and none will come for now: this is what the calls get. */
  get refusal(): (() => OffloopError) | undefined {
    return this.#slots.size === 0 ? this.#starts.refusal : undefined;
  }

  /** A module did not load in this one, and may load in another one. */
  claimReload({ startedAt }: PoolWorker): boolean {
    return this.#engine !== inlineWorker && this.#reloads.claim(startedAt);
  }

  /** To be called with the first task of a worker. */
  watchStart(slot: PoolWorker): void {
    const { startTimeout } = this.#settings;
    slot.startTimer = timeLimit(realClock, startTimeout, () => { if (!slot.worker.isReady()) this.#events.onLateStart(slot); });
  }

  /** To be called with the first answer of a worker. */
  recordStart(slot: PoolWorker): void {
    slot.startTimer?.cancel();
    this.#starts.recordSuccess();
  }

  recordFailedStart(slot: PoolWorker, reason: () => OffloopError): void {
    this.#starts.recordFailure(slot.startedAt, reason);
  }

  /**
   * The machine had no room for one: those that live do the work. Where none does, the next one is started alone, since they may have
   * taken the room from each other; after that the work is refused, and nothing is remembered for the next call.
   */
  recordShortage(reason: () => OffloopError): void {
    if (this.#isAlone && (this.#together <= 1 || !this.#starts.isWorthWaiting)) this.#events.onNoWorker(reason);
    else this.#starts.pauseForShortage();
  }

  /** There is no point in waiting for others. */
  giveUp(reason: () => OffloopError): void {
    this.#starts.giveUp(reason);
  }

  get areOthers(): boolean {
    return this.#slots.size > 1;
  }

  all(): Iterable<PoolWorker> {
    return this.#slots;
  }

  /** One that is idle, or a new one; undefined when all are busy. */
  take(): PoolWorker | undefined {
    return this.#idle.pop() ?? this.#tryStart();
  }

  putBack(slot: PoolWorker): void {
    this.#idle.push(slot);
  }

  ensureMinimum(): void {
    while (this.#slots.size < this.minimum) {
      const slot = this.#tryStart();
      if (slot === undefined) return;
      this.#idle.push(slot);
    }
  }

  remove(slot: PoolWorker): void {
    this.forget(slot);
    // A task that runs on may take the worker's thread from it.
    const mayFinish = this.#settings.endGrace > 0 && slot.hasEndHooks && callsOf(slot).length === 0;
    const gone = (mayFinish ? this.#finish(slot) : slot.worker.terminate()).finally(() => this.#ending.delete(gone));
    this.#ending.add(gone);
  }

  async #finish(slot: PoolWorker): Promise<void> {
    this.#finishing++;
    await finished(slot, this.#settings.endGrace);
    this.#finishing--;
    this.#events.onMayStart();
    await slot.worker.terminate();
  }

  /** It counts no more. */
  forget(slot: PoolWorker): void {
    slot.state = 'ending';
    slot.grace?.cancel();
    slot.startTimer?.cancel();
    endLoadWatch(slot);
    this.#slots.delete(slot);
    this.#idle.remove(slot);
  }

  /** Ends all of them; to be called when none is busy. */
  async end(): Promise<void> {
    this.#idle.stop();
    this.#starts.stop();
    for (const slot of [...this.#slots]) this.remove(slot);
    await Promise.all(this.#ending);
    await stopStackReader();
  }

  #tryStart(): PoolWorker | undefined {
    if (!this.#mayStart) return undefined;
    while (this.#hasRoom) {
      try {
        return this.#start();
      } catch (error) {
        if (!this.#handleStartError(error)) return undefined;
      }
    }
    return undefined;
  }

  /** To be called with what a start has thrown. @returns whether to start another one at once */
  #handleStartError(error: unknown): boolean {
    const { name } = this.#settings;
    const shortage = shortageOf(error);
    if (shortage !== undefined) {
      this.recordShortage(() => shortageError(name, shortage, error));
      return false;
    }
    if (!isDenied(error) || this.#engine === inlineWorker) return this.#events.onStartError(error);
    warnOfNoWorkers(name, error);
    this.#engine = inlineWorker;
    return true;
  }

  #start(): PoolWorker {
    this.#together = this.#isAlone ? 1 : this.#together + 1;
    const worker = withPlainPrototype(() => this.#engine(this.#options, {
      onNotice: (notice) => { this.#events.onNotice(slot, notice); },
      onExit: (exit) => {
        slot.onGone?.();
        this.#events.onExit(slot, exit);
      },
    }));
    const slot = createSlot(worker);
    this.counts.started++;
    this.#slots.add(slot);
    return slot;
  }
}
