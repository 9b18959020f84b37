import type { AbortKind, RunResponse, WorkerNotice } from '../wire/messages.ts';
import { reviveBuffers } from '../wire/values.ts';
import type { Call, Outcome } from './call.ts';
import type { Engine, WorkerExit, WorkerOptions } from './engine.ts';
import { crashError, isDenied, startError, warnOfIdleCrash, warnOfNoWorkers } from './exits.ts';
import { IdleSlots } from './idle.ts';
import { inlineWorker } from './inline.ts';
import type { PoolSettings } from './options.ts';
import { processWorker } from './processes.ts';
import { TaskQueue } from './queue.ts';
import { createSlot, messageFor, remember, type Slot } from './slot.ts';
import { Figures } from './stats.ts';
import { threadWorker } from './threads.ts';
import { armTimeout } from './timeout.ts';

const engines: Record<PoolSettings['runtime'], Engine> = { threads: threadWorker, processes: processWorker, inline: inlineWorker };

/**
 * Brings waiting calls and free workers together, and sees each call to its end. The queue is ours, and a worker gets a
 * task only when it is free: so priorities, bounds, deadlines and cancellation hold until the last moment.
 *
 * Every method is to be called in the root context.
 */
export class Dispatcher {
  readonly queue = new TaskQueue<Call>();
  readonly figures = new Figures();
  readonly counts = { started: 0, crashed: 0, replaced: 0 };
  readonly #settings: PoolSettings;
  readonly #workerOptions: WorkerOptions;
  readonly #onChange: () => void;
  #engine: Engine;
  readonly #slots = new Set<Slot>();
  readonly #idle: IdleSlots;
  /** Workers on their way out, which no longer count. */
  readonly #ending = new Set<Promise<void>>();

  /** @param onChange called whenever a place in the queue or a worker has become free */
  constructor(settings: PoolSettings, onChange: () => void) {
    const { resourceLimits, execArgv, env, preload, maxMemoryBeforeRecycle, idleTimeout, minThreads } = settings;
    this.#settings = settings;
    this.#workerOptions = { resourceLimits, execArgv, env, preload, reportMemory: maxMemoryBeforeRecycle !== undefined };
    this.#engine = engines[settings.runtime];
    this.#onChange = onChange;
    this.#idle = new IdleSlots({ idleTimeout, surplus: () => this.#slots.size - minThreads, end: (slot) => { this.#remove(slot); } });
  }

  get busy(): number {
    return this.#slots.size - this.#idle.size;
  }

  get idle(): number {
    return this.#idle.size;
  }

  /** Whether a call would start at once. */
  get hasFreeWorker(): boolean {
    return this.queue.size === 0 && (this.#idle.size > 0 || this.#slots.size < this.#settings.maxThreads);
  }

  submit(call: Call): void {
    this.queue.push(call);
    this.#pump();
  }

  /** Tells the caller at once, and the task if it runs; its worker goes if it has not stopped within `abortGrace`. */
  cancel(call: Call, kind: AbortKind, reason: () => unknown): void {
    const { slot } = call;
    this.queue.remove(call);
    this.#settle(call, { type: 'refused', reason });
    if (slot?.call === call && slot.grace === undefined) {
      slot.worker.tell({ type: 'abort', id: call.input.id, kind });
      slot.grace = setTimeout(() => { this.#replace(slot); }, this.#settings.abortGrace).unref();
    }
    this.#onChange();
  }

  cancelAll(kind: AbortKind, reason: () => unknown): void {
    for (let call = this.queue.shift(); call !== undefined; call = this.queue.shift()) this.#settle(call, { type: 'refused', reason });
    for (const { call } of this.#slots) {
      if (call !== undefined) this.cancel(call, kind, reason);
    }
    this.#onChange();
  }

  /** Ends every worker; to be called when none is busy. */
  async end(): Promise<void> {
    this.#idle.stop();
    for (const slot of [...this.#slots]) this.#remove(slot);
    await Promise.all(this.#ending);
  }

  #pump(): void {
    while (this.queue.size > 0) {
      const slot = this.#idle.pop() ?? this.#tryStart();
      if (slot === undefined) return;
      const call = this.queue.shift();
      if (call === undefined) this.#idle.push(slot);
      else this.#dispatch(call, slot);
    }
  }

  #dispatch(call: Call, slot: Slot): void {
    const { timeout, transfer } = call.input;
    call.state = 'running';
    call.slot = slot;
    call.dispatchedAt = performance.now();
    slot.state = 'busy';
    slot.call = call;
    if (timeout !== undefined) armTimeout(call, timeout, slot.worker, (reason) => { this.cancel(call, 'timeout', reason); });
    slot.worker.run(messageFor(call, slot), transfer, {
      onAnswer: (response) => { this.#answered(slot, call, response); },
      onUnsent: (error) => { this.#unsent(slot, call, error); },
    });
    this.#ensureMinimum();
  }

  #answered(slot: Slot, call: Call, response: RunResponse): void {
    slot.worker.flushNotices();
    const { runMs, memory = 0 } = response;
    const { calledAt, dispatchedAt, input } = call;
    this.figures.of(input.task).record({ waitMs: dispatchedAt - calledAt, runMs, overheadMs: performance.now() - dispatchedAt - runMs });
    remember(call, slot, response.type === 'returned');
    this.#settle(call, outcomeOf(response));
    slot.tasks++;
    const { maxTasksPerWorker, maxMemoryBeforeRecycle = Infinity } = this.#settings;
    this.#release(slot, slot.tasks >= maxTasksPerWorker || memory > maxMemoryBeforeRecycle);
  }

  /** The message could not be cloned: the worker knows nothing of it. */
  #unsent(slot: Slot, call: Call, error: unknown): void {
    this.#settle(call, { type: 'refused', reason: () => error });
    this.#release(slot, false);
  }

  #settle(call: Call, outcome: Outcome): void {
    if (!call.settle(outcome)) return;
    const figures = this.figures.of(call.input.task);
    figures.count++;
    if (outcome.type !== 'returned') figures.failed++;
  }

  #release(slot: Slot, isWornOut: boolean): void {
    slot.call = undefined;
    clearTimeout(slot.grace);
    slot.grace = undefined;
    if (slot.state === 'ending') return;
    if (isWornOut) {
      this.#replace(slot);
      return;
    }
    this.#idle.push(slot);
    this.#pump();
    this.#onChange();
  }

  #replace(slot: Slot): void {
    if (slot.state === 'ending') return;
    this.counts.replaced++;
    this.#remove(slot);
    this.#refill();
  }

  #remove(slot: Slot): void {
    this.#forget(slot);
    const gone = slot.worker.terminate().finally(() => this.#ending.delete(gone));
    this.#ending.add(gone);
  }

  #forget(slot: Slot): void {
    slot.state = 'ending';
    clearTimeout(slot.grace);
    this.#slots.delete(slot);
    this.#idle.remove(slot);
  }

  #exited(slot: Slot, exit: WorkerExit): void {
    const { call } = slot;
    const wasEnding = slot.state === 'ending';
    this.#forget(slot);
    if (call !== undefined) this.#settle(call, { type: 'refused', reason: () => crashError(call.input.task.name, exit) });
    if (wasEnding) return;
    this.counts.crashed++;
    if (call === undefined) warnOfIdleCrash(this.#settings.name, exit);
    // A worker that never got as far as one answer may never do so: the next one starts only when there is work.
    if (slot.tasks > 0) this.#refill();
    else this.#pump();
    this.#onChange();
  }

  #refill(): void {
    this.#ensureMinimum();
    this.#pump();
    this.#onChange();
  }

  #ensureMinimum(): void {
    while (this.#slots.size < this.#settings.minThreads) {
      const slot = this.#tryStart();
      if (slot === undefined) return;
      this.#idle.push(slot);
    }
  }

  /** A worker that cannot be started is the error of the call that needed it, and never a call that waits for ever. */
  #tryStart(): Slot | undefined {
    while (this.#slots.size < this.#settings.maxThreads) {
      try {
        return this.#start();
      } catch (error) {
        if (isDenied(error) && this.#engine !== inlineWorker) {
          warnOfNoWorkers(this.#settings.name, error);
          this.#engine = inlineWorker;
          continue;
        }
        const call = this.queue.shift();
        if (call === undefined) return undefined;
        this.#settle(call, { type: 'refused', reason: () => startError(this.#settings.name, error) });
      }
    }
    return undefined;
  }

  #start(): Slot {
    const worker = this.#engine(this.#workerOptions, {
      onNotice: (notice) => { this.#noticed(slot, notice); },
      onExit: (exit) => { this.#exited(slot, exit); },
    });
    const slot = createSlot(worker);
    this.counts.started++;
    this.#slots.add(slot);
    return slot;
  }

  #noticed({ call }: Slot, notice: WorkerNotice): void {
    if (call?.input.id !== notice.id || call.state !== 'running') return;
    if (notice.type === 'started') {
      call.onStarted?.();
      return;
    }
    const value = reviveBuffers(notice.value, notice.buffers);
    try {
      call.input.onProgress?.(value);
    } catch (error) {
      // The listener's mistake is its own: it must not look like the task's, nor stop the pool.
      queueMicrotask(() => { throw error; });
    }
  }
}

function outcomeOf(response: RunResponse): Outcome {
  if (response.type === 'threw') return response;
  return { type: 'returned', value: reviveBuffers(response.value, response.buffers) };
}
