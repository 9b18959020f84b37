import type { OffloopError } from '../../../errors.ts';
import { withPlainPrototype } from '../../../node/plain-prototype.ts';
import { WorkerNumbers } from '../../capacity/worker-numbers.ts';
import { engines, type Engine } from '../../engines/engines.ts';
import type { EngineWorker, WorkerEvents, WorkerExit, WorkerOptions } from '../../engines/engine.ts';
import { shortageError, shortageOf } from '../../engines/shortage.ts';
import type { PoolSettings } from '../../settings.ts';
import { failedStartError, isDenied, startError, warnOfNoWorkers } from './exit-errors.ts';
import { Starts } from './starts.ts';

/** The part of the pool that the launcher uses. */
export interface LauncherHost {
  /** Whether one more worker may be started. */
  hasRoom(): boolean;
  /** Whether there is no worker, not even one that is ending and then leaves room for another. */
  hasNoWorkers(): boolean;
  /** A pause between two starts is over. */
  pauseOver(): void;
  /** A start that was put off, since all numbers were taken, is possible now. */
  numberFree(): void;
  /** Call this when no worker can be started for the first waiting call, or for any of them. @returns false where no call waits */
  startRefused(reason: () => OffloopError, calls: 'first' | 'all'): boolean;
}

/** Starts workers, one at a time, and decides what follows when a start fails. */
export class Launcher {
  readonly #name: string;
  readonly #options: Omit<WorkerOptions, 'number'>;
  readonly #host: LauncherHost;
  readonly #starts: Starts;
  readonly #numbers: WorkerNumbers;
  #engine: Engine;

  constructor(settings: PoolSettings, host: LauncherHost) {
    const { name, engine, maxThreads, spareThreads, resourceLimits, execArgv, env, preload, maxMemoryBeforeRecycle } = settings;
    this.#name = name;
    this.#options = { resourceLimits, execArgv, env, preload, reportMemory: maxMemoryBeforeRecycle !== undefined };
    this.#host = host;
    this.#starts = new Starts(() => { host.pauseOver(); });
    this.#numbers = new WorkerNumbers(maxThreads + spareThreads, () => { host.numberFree(); });
    this.#engine = engine;
  }

  get isInline(): boolean {
    return this.#engine.isInline;
  }

  /** Why no worker will start for now; undefined where calls should wait. */
  get refusal(): (() => OffloopError) | undefined {
    return this.#starts.refusal;
  }

  /** Whether a start is put off until a worker that is ending is gone. */
  get isPutOff(): boolean {
    return this.#numbers.isAwaited;
  }

  canStart(): boolean {
    return this.#host.hasRoom() && this.#starts.mayStart(this.#host.hasNoWorkers());
  }

  /** @returns undefined where no worker can be started now: the waiting calls go on waiting, or have been refused */
  start(events: WorkerEvents): EngineWorker | undefined {
    while (this.canStart()) {
      const number = this.#numbers.take();
      if (number === undefined) return undefined;
      this.#starts.begin(this.#host.hasNoWorkers());
      try {
        return withPlainPrototype(() => this.#engine.start({ ...this.#options, number }, this.#freeing(number, events)));
      } catch (error) {
        this.#numbers.free(number);
        if (!this.#handle(error)) return undefined;
      }
    }
    return undefined;
  }

  /** Call this when a worker has sent its first response. */
  recordSuccess(): void {
    this.#starts.recordSuccess();
  }

  /** Call this when a worker has ended before it was ready. @param startedAt an instant of `now()` */
  recordFailure(startedAt: number, exit: WorkerExit): void {
    const reason = this.failureOf(exit);
    if (shortageIn(exit) === undefined) this.#starts.recordFailure(startedAt, reason);
    else this.#recordShortage(reason);
  }

  /** Why a worker has ended before it was ready. */
  failureOf(exit: WorkerExit): () => OffloopError {
    const shortage = shortageIn(exit);
    return () => (shortage === undefined ? failedStartError(this.#name, exit) : shortageError(this.#name, shortage, exit.error ?? exit.how));
  }

  /** Starts no workers for a while, since a further start would fail as well. */
  giveUp(reason: () => OffloopError): void {
    this.#starts.giveUp(reason);
  }

  stop(): void {
    this.#starts.stop();
    this.#numbers.stop();
  }

  /** The number is free when the pool hears of the worker's end, and may start another one at once. */
  #freeing(number: number, events: WorkerEvents): WorkerEvents {
    const onExit = (exit: WorkerExit): void => {
      this.#numbers.free(number);
      events.onExit(exit);
      this.#numbers.endWait();
    };
    return { ...events, onExit };
  }

  /** @returns whether to start another worker at once */
  #handle(error: unknown): boolean {
    const shortage = shortageOf(error);
    if (shortage !== undefined) {
      this.#recordShortage(() => shortageError(this.#name, shortage, error));
      return false;
    }
    // Where a worker cannot be started, the call that needed it rejects, and does not wait forever.
    if (!isDenied(error) || this.isInline) return this.#host.startRefused(() => startError(this.#name, error), 'first');
    warnOfNoWorkers(this.#name, error);
    this.#engine = engines.inline;
    return true;
  }

  #recordShortage(reason: () => OffloopError): void {
    if (!this.#starts.recordShortage(this.#host.hasNoWorkers())) this.#host.startRefused(reason, 'all');
  }
}

function shortageIn(exit: WorkerExit): string | undefined {
  return shortageOf(exit.error) ?? exit.shortage;
}
