import { now } from '../../node/clock.ts';
import { timeLimit } from '../../node/time-limit.ts';
import { realClock, type Timer } from '../../node/limit-clock.ts';
import type { LeftoverNotice } from '../../wire/messages/notices.ts';
import type { AbortKind } from '../../wire/messages/requests.ts';
import type { Call, CallHolder } from '../calls/call.ts';
import type { EngineWorker } from '../engines/engine.ts';
import { CurrentMessage } from './current-message.ts';
import { SilenceLimit } from './silence.ts';
import { WorkerKnowledge } from './worker-knowledge.ts';

/**
 * `starting`: the worker has not responded yet, whether or not it has been sent a call. `idle`, `busy`: without and with a message.
 * `ending`: the pool ends it, and counts it no more. `ended`: it is gone.
 */
export type WorkerState = 'starting' | 'idle' | 'busy' | 'ending' | 'ended';

/** Why a worker is replaced as soon as it is free: a module did not load, a finished task's leftover has thrown, or it started too late. */
export type RecycleReason = 'module' | 'leftover' | 'late-start';

export interface PoolWorkerOptions {
  /** Ms that a task may take to stop by itself after an abort. */
  readonly abortGrace: number;
  /** Called when a task has not stopped within `abortGrace`. */
  onGraceOver(): void;
}

/** One worker of a pool: its life, the message that it has, and the pool's patience with it. */
export class PoolWorker implements CallHolder {
  readonly engine: EngineWorker;
  readonly startedAt = now();
  readonly knowledge = new WorkerKnowledge();
  readonly message = new CurrentMessage();
  readonly silence = new SilenceLimit();
  /** Bytes in use after its last task. */
  memory = 0;
  /** What a finished task has left running, and what that did last. */
  leftover: LeftoverNotice | undefined;
  /** A notice that could not be read, while the worker had its present message: perhaps the response to a call of a batch. */
  unread: { readonly cause: unknown } | undefined;
  /** The worker has something to do before it ends. */
  hasEndHooks = false;
  readonly #options: PoolWorkerOptions;
  #state: WorkerState = 'starting';
  #recycleReason: RecycleReason | undefined;
  #completed = 0;
  #idleSince = 0;
  #startTimer: Timer | undefined;
  #loadTimer: Timer | undefined;
  #abortSent: { readonly id: number; readonly grace: Timer } | undefined;
  #onEnded: (() => void) | undefined;

  constructor(engine: EngineWorker, options: PoolWorkerOptions) {
    this.engine = engine;
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

  get idleSince(): number {
    return this.#idleSince;
  }

  holds(call: Call): boolean {
    return this.message.holds(call);
  }

  /** The worker gets a message. */
  begin(calls: Call[], isBatch: boolean): void {
    if (this.#state === 'idle') this.#state = 'busy';
    this.message.begin(calls, isBatch, this);
  }

  /** The first response has come. */
  markStarted(): void {
    this.#endStartWatch();
    if (this.#state === 'starting') this.#state = 'busy';
  }

  /** There is a response to this call, or there will be none. */
  complete(call: Call): void {
    this.message.drop(call);
    this.#completed++;
    if (this.#abortSent?.id === call.id) this.#clearAbort();
  }

  takeBack(call: Call): boolean {
    if (!this.message.isBatch || this.engine.batches?.results.takeBack(call.place) !== true) return false;
    this.message.drop(call);
    return true;
  }

  /** Takes back all calls that have not been started. @returns them, the last one first */
  takeBackUnstarted(): Call[] {
    const pending = this.message.pendingCalls().reverse();
    const taken = pending.filter((call) => this.takeBack(call));
    if (taken.length > 0 && taken.length === pending.length) this.silence.widen();
    return taken;
  }

  /** The present message is done. */
  endMessage(): void {
    this.message.end();
    this.endLoadWatch();
    this.#clearAbort();
  }

  becomeIdle(): void {
    if (this.#state === 'busy') this.#state = 'idle';
    this.#idleSince = now();
  }

  recycle(reason: RecycleReason): void {
    if (this.#recycleReason === undefined || this.#recycleReason === 'module') this.#recycleReason = reason;
  }

  /** Tells the task to stop; the worker has `abortGrace` for that. */
  sendAbort({ id }: Call, kind: AbortKind): void {
    if (this.#abortSent?.id === id) return;
    // Only one task of a batch runs at a time: one that was told to stop before has ended.
    this.#clearAbort();
    this.engine.sendAbort({ type: 'abort', id, kind });
    this.#abortSent = { id, grace: timeLimit(realClock, this.#options.abortGrace, () => { this.#options.onGraceOver(); }) };
  }

  /** @param onLate called when the worker has not been set up within `ms` */
  watchStart(ms: number, onLate: () => void): void {
    this.#endStartWatch();
    this.#startTimer = timeLimit(realClock, ms, () => { if (!this.engine.isReady()) onLate(); });
  }

  /** @param onLate called when the call has not begun within `ms`: its module is still being loaded */
  watchLoad(call: Call, ms: number, onLate: () => void): void {
    this.endLoadWatch();
    this.#loadTimer = timeLimit(realClock, ms, () => { if (this.message.holds(call) && this.engine.isReady()) onLate(); });
  }

  endLoadWatch(): void {
    this.#loadTimer?.cancel();
    // A timer that is only cancelled would keep the call, and with that its caller's context.
    this.#loadTimer = undefined;
  }

  /** The pool is about to end the worker, or has seen that it is gone. */
  end(state: 'ending' | 'ended'): void {
    this.#state = state;
    this.#clearAbort();
    this.#endStartWatch();
    this.endLoadWatch();
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

  #endStartWatch(): void {
    this.#startTimer?.cancel();
    this.#startTimer = undefined;
  }

  #clearAbort(): void {
    this.#abortSent?.grace.cancel();
    this.#abortSent = undefined;
  }
}
