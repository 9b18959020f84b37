import { now } from '../../node/clock.ts';
import { realClock, type Timer } from '../../node/limit-clock.ts';
import { timeLimit } from '../../node/time-limit.ts';
import type { EngineWorker } from '../engines/engine.ts';
import type { Call } from '../calls/call.ts';
import type { CurrentMessage } from './current-message.ts';

/** Watches how a worker starts, and how its task begins: both may hang. */
export class Beginning {
  readonly #engine: EngineWorker;
  readonly #message: CurrentMessage;
  #startTimer: Timer | undefined;
  #loadTimer: Timer | undefined;
  /** When the worker has said that the running task starts, an instant of `now()`. */
  #saidStartAt: number | undefined;

  constructor(engine: EngineWorker, message: CurrentMessage) {
    this.#engine = engine;
    this.#message = message;
  }

  /** When the running task was called in the worker, an instant of `now()`; undefined where no task runs, and while its module loads. */
  get taskStartedAt(): number | undefined {
    if (this.#message.calls.length === 0) return undefined;
    const { sentAt } = this.#message;
    const startedAt = this.#engine.taskStartedAt();
    // A process tells it only where the task's module had to be loaded; other tasks start at once.
    if (startedAt === undefined) return this.#engine.tellsStart || this.#loadTimer !== undefined ? undefined : (this.#saidStartAt ?? sentAt);
    return startedAt < sentAt ? undefined : startedAt;
  }

  /** Call this when the worker is sent a message. */
  beginMessage(): void {
    this.#saidStartAt = undefined;
  }

  /** @param onLate called when the worker has not been set up within `ms` */
  watchStart(ms: number, onLate: () => void): void {
    this.endStartWatch();
    this.#startTimer = timeLimit(realClock, ms, () => { if (!this.#engine.isReady()) onLate(); });
  }

  endStartWatch(): void {
    this.#startTimer?.cancel();
    this.#startTimer = undefined;
  }

  /** @param onLate called when the call has not begun within `ms`: its module is still being loaded */
  watchLoad(call: Call, ms: number, onLate: () => void): void {
    this.endLoadWatch();
    this.#loadTimer = timeLimit(realClock, ms, () => { if (this.#message.holds(call) && this.#engine.isReady()) onLate(); });
  }

  endLoadWatch(): void {
    this.#loadTimer?.cancel();
    // A timer that is only cancelled would still hold the call, and with it the caller's context.
    this.#loadTimer = undefined;
  }

  /** Call this when the worker has said that it calls the task's function now. */
  markTaskStarted(): void {
    this.endLoadWatch();
    this.#saidStartAt = now();
  }
}
