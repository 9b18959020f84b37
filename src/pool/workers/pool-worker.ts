import { now } from '../../node/clock.ts';
import { timeLimit } from '../../node/time-limit.ts';
import { realClock, type Timer } from '../../node/limit-clock.ts';
import type { LeftoverNotice } from '../../wire/messages/notices.ts';
import type { AbortKind } from '../../wire/messages/requests.ts';
import type { Call, CallHolder } from '../calls/call.ts';
import type { EngineWorker } from '../engines/engine.ts';
import { Aging } from '../spares/aging.ts';
import { Beginning } from './beginning.ts';
import { CurrentMessage } from './current-message.ts';
import { SilenceLimit } from './silence.ts';
import { WorkerKnowledge } from './worker-knowledge.ts';
import type { PoolWorkerOptions, RecycleReason, WorkerState } from './worker-state.ts';

/** One worker of a pool: its state, its current message, and the time limits that the pool sets for it. */
export class PoolWorker implements CallHolder {
  readonly engine: EngineWorker;
  readonly startedAt = now();
  readonly knowledge = new WorkerKnowledge();
  readonly message: CurrentMessage;
  readonly beginning: Beginning;
  readonly silence = new SilenceLimit();
  readonly aging = new Aging();
  /** Bytes in use after its last task. */
  memory = 0;
  /** The last notice about code that a finished task had left running. */
  leftover: LeftoverNotice | undefined;
  /** Set when a notice could not be read during the current message: perhaps the response to a call of a batch. */
  unread: { readonly cause: unknown } | undefined;
  /** Whether its message was given to it beyond `maxThreads`. */
  isSpare = false;
  /** Infinity while the worker has a message for which it has to start, or to load a module. */
  warmSince = Infinity;
  /** By how many steps the priority of its thread has been lowered. */
  loweredBy = 0;
  hasEndHooks = false;
  readonly #options: PoolWorkerOptions;
  #state: WorkerState = 'starting';
  #recycleReason: RecycleReason | undefined;
  #completed = 0;
  #idleSince = 0;
  #abortSent: { readonly id: number; readonly grace: Timer } | undefined;
  #onEnded: (() => void) | undefined;

  constructor(engine: EngineWorker, options: PoolWorkerOptions) {
    this.engine = engine;
    this.message = new CurrentMessage(engine);
    this.beginning = new Beginning(engine, this.message);
    this.#options = options;
  }

  get state(): WorkerState {
    return this.#state;
  }

  get isGone(): boolean {
    return this.#state === 'ending' || this.#state === 'ended';
  }

  /** How many calls have ended here, with a response or without. */
  get completed(): number {
    return this.#completed;
  }

  get recycleReason(): RecycleReason | undefined {
    return this.#recycleReason;
  }

  /** Whether a call that was sent an abort has no response. */
  get hasAbort(): boolean {
    return this.#abortSent !== undefined;
  }

  get idleSince(): number {
    return this.#idleSince;
  }

  holds(call: Call): boolean {
    return this.message.holds(call);
  }

  /** Call this when the worker is sent a message. */
  begin(calls: Call[], isBatch: boolean): void {
    if (this.#options.startsOften) this.warmSince = -Infinity;
    else if (this.#state === 'starting' || !this.knowledge.covers(calls[0]!)) this.warmSince = Infinity;
    if (this.#state === 'idle') this.#state = 'busy';
    this.beginning.beginMessage();
    this.message.begin(calls, isBatch, this);
  }

  markStarted(): void {
    this.beginning.endStartWatch();
    if (this.#state === 'starting') this.#state = 'busy';
  }

  /** Call this with each response: the worker had started, and had loaded the task's module, when the task began to run. */
  markWarm(runMs: number): void {
    if (this.warmSince === Infinity) this.warmSince = now() - runMs;
  }

  /** Call this when the call has a response, or will have none. */
  complete(call: Call): void {
    this.message.drop(call);
    this.#completed++;
    if (this.#abortSent?.id === call.id) this.#clearAbort();
  }

  /** A heavy call that always times out, or ends its worker, must not be taken for a light one. */
  learnFromLost({ state, learned, place }: Call): void {
    if (state === 'settled') return;
    const results = this.message.isBatch ? this.engine.batches?.results : undefined;
    if (results?.isDone(place) === true) {
      learned.add(results.runMs(place));
      return;
    }
    // The task that runs now may be another one of the batch: the response to this call is then on its way.
    if (results?.isLastStarted(place, this.message.calls.length) === false) return;
    const { taskStartedAt: startedAt = Infinity } = this.beginning;
    learned.addAtLeast(now() - startedAt, this.#options.agedAfter);
  }

  takeBack(call: Call): boolean {
    if (!this.message.isBatch || this.engine.batches?.results.takeBack(call.place) !== true) return false;
    this.message.drop(call);
    return true;
  }

  /** Takes back all calls that have not been started. @returns them, the last one first */
  takeBackUnstarted(): Call[] {
    const pending = this.message.pendingCalls().reverse();
    const unstarted = pending.filter((call) => this.takeBack(call));
    if (unstarted.length > 0 && unstarted.length === pending.length) this.silence.widen();
    return unstarted;
  }

  /** Call this when the worker is done with its message. */
  endMessage(): void {
    this.message.end();
    this.markWarm(0);
    this.aging.end();
    this.beginning.endLoadWatch();
    this.#clearAbort();
  }

  becomeIdle(): void {
    if (this.#state === 'busy') this.#state = 'idle';
    this.#idleSince = now();
  }

  recycle(reason: RecycleReason): void {
    if (this.#recycleReason === undefined || this.#recycleReason === 'module') this.#recycleReason = reason;
  }

  /** Sends the task an abort; the task has `abortGrace` to stop. */
  sendAbort({ id }: Call, kind: AbortKind): void {
    if (this.#abortSent?.id === id) return;
    // Only one task of a batch runs at a time: a task that was sent an abort before has ended.
    this.#clearAbort();
    this.#abortSent = { id, grace: timeLimit(realClock, this.#options.abortGrace, () => { this.#options.onGraceOver(); }) };
    // An inline task hears of it at once, and may cancel more.
    this.engine.sendAbort({ type: 'abort', id, kind });
  }

  /** Call this when the pool is about to end the worker, or has seen that the worker is gone. */
  end(state: 'ending' | 'ended'): void {
    this.#state = state;
    if (state === 'ending') this.message.chargeRunning();
    // The id stays: a call that is cancelled again while its worker ends is sent no second abort.
    this.#abortSent?.grace.cancel();
    this.beginning.endStartWatch();
    this.beginning.endLoadWatch();
    if (state === 'ended') this.#onEnded?.();
  }

  /** Runs the end hooks. Resolves when they are done, when `limitMs` are over, or when the worker is gone. */
  runEndHooks(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        resolve();
      };
      const timer = timeLimit(realClock, limitMs, done);
      this.#onEnded = done;
      this.engine.runEndHooks?.(done);
    });
  }

  #clearAbort(): void {
    this.#abortSent?.grace.cancel();
    this.#abortSent = undefined;
  }
}
