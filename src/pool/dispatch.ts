import { stores as declaredStores } from '../context/carry.ts';
import { describe } from '../describe.ts';
import { OffloopError, OptionError, WorkerCrashedError, WorkerOutOfMemoryError } from '../errors.ts';
import type { TaskRecord } from '../task/registry.ts';
import type { AbortKind, RunMessage, RunResponse, WorkerNotice } from '../wire/messages.ts';
import { reviveBuffers } from '../wire/values.ts';
import type { Call, Outcome } from './call.ts';
import type { Engine, EngineWorker, WorkerExit, WorkerOptions } from './engine.ts';
import { inlineWorker } from './inline.ts';
import type { PoolSettings } from './options.ts';
import { processWorker } from './processes.ts';
import { TaskQueue } from './queue.ts';
import { Figures } from './stats.ts';
import { threadWorker } from './threads.ts';
import { armTimeout } from './timeout.ts';

/** One worker and what it is doing. */
export interface Slot {
  readonly worker: EngineWorker;
  /** The tasks it has answered for, by their numbers there. */
  readonly knownTasks: Map<TaskRecord, number>;
  /** Stores whose declaring module it has loaded. */
  readonly knownStores: Set<string>;
  call: Call | undefined;
  tasks: number;
  idleSince: number;
  isResting: boolean;
  /** Runs from when its task was told to stop. */
  grace: NodeJS.Timeout | undefined;
  state: 'idle' | 'busy' | 'ending';
}

/** Idle ms after which a worker's event loop turns again: far above the gaps between the calls of a busy pool. */
const REST_AFTER = 10;

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
  /** The last one to become idle is the first to work again, so that the others' idle time runs out. */
  readonly #idle: Slot[] = [];
  /** Workers on their way out, which no longer count. */
  readonly #ending = new Set<Promise<void>>();
  #sweeper: NodeJS.Timeout | undefined;
  #rester: NodeJS.Timeout | undefined;

  /** @param onChange called whenever a place in the queue or a worker has become free */
  constructor(settings: PoolSettings, onChange: () => void) {
    const { resourceLimits, execArgv, env, preload, maxMemoryBeforeRecycle } = settings;
    this.#settings = settings;
    this.#workerOptions = { resourceLimits, execArgv, env, preload, reportMemory: maxMemoryBeforeRecycle !== undefined };
    this.#engine = engines[settings.runtime];
    this.#onChange = onChange;
  }

  get busy(): number {
    return this.#slots.size - this.#idle.length;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Whether a call would start at once. */
  get hasFreeWorker(): boolean {
    return this.queue.size === 0 && (this.#idle.length > 0 || this.#slots.size < this.#settings.maxThreads);
  }

  submit(call: Call): void {
    this.queue.push(call);
    this.#pump();
  }

  /** Tells the caller at once, and the task if it runs; its worker goes if it has not stopped within `abortGrace`. */
  cancel(call: Call, kind: AbortKind, reason: () => unknown): void {
    const isRunning = call.state === 'running';
    this.queue.remove(call);
    if (!this.#settle(call, { type: 'refused', reason }) || !isRunning) { this.#onChange(); return; }
    const slot = [...this.#slots].find((one) => one.call === call);
    if (slot === undefined) return;
    slot.worker.tell({ type: 'abort', id: call.input.id, kind });
    slot.grace = setTimeout(() => { this.#replace(slot); }, this.#settings.abortGrace).unref();
  }

  cancelAll(kind: AbortKind, reason: () => unknown): void {
    for (let call = this.queue.shift(); call !== undefined; call = this.queue.shift()) this.#settle(call, { type: 'refused', reason });
    for (const { call } of this.#slots) {
      if (call !== undefined) this.cancel(call, kind, reason);
    }
  }

  /** Ends every worker; to be called when none is busy. */
  async end(): Promise<void> {
    clearTimeout(this.#sweeper);
    clearTimeout(this.#rester);
    for (const slot of [...this.#slots]) this.#remove(slot);
    await Promise.all(this.#ending);
  }

  #pump(): void {
    while (this.queue.size > 0) {
      const slot = this.#idle.pop() ?? this.#tryStart();
      if (slot === undefined) return;
      const call = this.queue.shift();
      if (call === undefined) this.#toIdle(slot);
      else this.#dispatch(call, slot);
    }
  }

  #dispatch(call: Call, slot: Slot): void {
    call.state = 'running';
    call.dispatchedAt = performance.now();
    slot.state = 'busy';
    slot.call = call;
    const { timeout } = call.input;
    if (timeout !== undefined) armTimeout(call, timeout, slot.worker, (reason) => { this.cancel(call, 'timeout', reason); });
    slot.worker.run(messageFor(call, slot), call.input.transfer, {
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
    if (!slot.knownTasks.has(input.task)) slot.knownTasks.set(input.task, slot.knownTasks.size);
    if (response.type === 'returned') rememberStores(call, slot);
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

  #settle(call: Call, outcome: Outcome): boolean {
    if (!call.settle(outcome)) return false;
    const figures = this.figures.of(call.input.task);
    figures.count++;
    if (outcome.type !== 'returned') figures.failed++;
    return true;
  }

  #release(slot: Slot, isWornOut: boolean): void {
    slot.call = undefined;
    clearTimeout(slot.grace);
    if (slot.state === 'ending') return;
    if (isWornOut) { this.#replace(slot); return; }
    this.#toIdle(slot);
    this.#pump();
    this.#onChange();
  }

  #toIdle(slot: Slot): void {
    slot.state = 'idle';
    slot.idleSince = performance.now();
    slot.isResting = false;
    this.#idle.push(slot);
    this.#rester ??= setTimeout(() => { this.#rest(); }, REST_AFTER).unref();
    if (this.#slots.size > this.#settings.minThreads) this.#sweeper ??= setTimeout(() => { this.#sweep(); }, this.#settings.idleTimeout).unref();
  }

  #rest(): void {
    this.#rester = undefined;
    const since = performance.now() - REST_AFTER;
    for (const slot of this.#idle) {
      if (slot.isResting || slot.idleSince > since) continue;
      slot.isResting = true;
      slot.worker.rest?.();
    }
    if (this.#idle.some((slot) => !slot.isResting)) this.#rester = setTimeout(() => { this.#rest(); }, REST_AFTER).unref();
  }

  /** One timer for all: a timer for each worker and task would cost more than many a task. */
  #sweep(): void {
    this.#sweeper = undefined;
    const since = performance.now() - this.#settings.idleTimeout;
    // The longest idle ones lie at the bottom. A timer may fire a little early.
    while (this.#slots.size > this.#settings.minThreads && (this.#idle[0]?.idleSince ?? Infinity) <= since + 1) this.#remove(this.#idle[0]!);
    if (this.#idle.length > 0 && this.#slots.size > this.#settings.minThreads) {
      this.#sweeper = setTimeout(() => { this.#sweep(); }, Math.max(1, (this.#idle[0]!).idleSince - since)).unref();
    }
  }

  #replace(slot: Slot): void {
    if (slot.state === 'ending') return;
    this.counts.replaced++;
    this.#remove(slot);
    this.#ensureMinimum();
    this.#pump();
    this.#onChange();
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
    const at = this.#idle.indexOf(slot);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #exited(slot: Slot, exit: WorkerExit): void {
    const { call } = slot;
    const wasEnding = slot.state === 'ending';
    if (!wasEnding) this.counts.crashed++;
    this.#forget(slot);
    if (call !== undefined) this.#settle(call, { type: 'refused', reason: () => crashError(call, exit) });
    else if (!wasEnding) warnIdleCrash(this.#settings.name, exit);
    // A worker that never got as far as one answer may never do so: start the next one only when there is work.
    if (!wasEnding && slot.tasks > 0) this.#ensureMinimum();
    this.#pump();
    this.#onChange();
  }

  #ensureMinimum(): void {
    while (this.#slots.size < this.#settings.minThreads) {
      const slot = this.#tryStart();
      if (slot === undefined) return;
      this.#toIdle(slot);
    }
  }

  /** A worker that cannot be started is the error of the call that needed it, and never a call that waits for ever. */
  #tryStart(): Slot | undefined {
    if (this.#slots.size >= this.#settings.maxThreads) return undefined;
    try {
      return this.#start();
    } catch (error) {
      if (isDenied(error)) return this.#startInline(error);
      const call = this.queue.shift();
      if (call === undefined) return undefined;
      this.#settle(call, { type: 'refused', reason: () => startError(this.#settings.name, error) });
      return this.queue.size > 0 ? this.#tryStart() : undefined;
    }
  }

  #start(): Slot {
    const slot: Slot = {
      worker: this.#engine(this.#workerOptions, {
        onNotice: (notice) => { this.#noticed(slot, notice); },
        onExit: (exit) => { this.#exited(slot, exit); },
      }),
      ...{ knownTasks: new Map<TaskRecord, number>(), knownStores: new Set<string>(), call: undefined, tasks: 0, idleSince: 0, isResting: false, grace: undefined, state: 'idle' as const },
    };
    this.counts.started++;
    this.#slots.add(slot);
    return slot;
  }

  #startInline(error: unknown): Slot | undefined {
    if (this.#engine === inlineWorker) return undefined;
    process.emitWarning(
      `The pool '${this.#settings.name}' may not start workers here (${messageOf(error)}): its tasks run on the event loop. ` +
        'Allow workers (--allow-worker, --allow-child-process) to get them off it.',
      { code: 'OFFLOOP_NO_WORKERS', type: 'OffloopWarning' },
    );
    this.#engine = inlineWorker;
    return this.#start();
  }

  #noticed({ call }: Slot, notice: WorkerNotice): void {
    if (call?.input.id !== notice.id || call.state !== 'running') return;
    if (notice.type === 'started') return call.onStarted?.();
    const value = reviveBuffers(notice.value, notice.buffers);
    try {
      call.input.onProgress?.(value);
    } catch (error) {
      // The listener's mistake is its own: it must not look like the task's, nor stop the pool.
      queueMicrotask(() => { throw error; });
    }
  }
}

function messageFor({ input }: Call, slot: Slot): RunMessage {
  const { id, task, args, buffers, stores, deadline, timeout } = input;
  const known = slot.knownTasks.get(task);
  const message: Mutable<RunMessage> = { id, task: known ?? slot.knownTasks.size, args };
  // Only the keys that are needed: each one is cloned, also when it is undefined.
  if (known === undefined) message.declares = { module: task.module, name: task.name };
  if (buffers !== undefined) message.buffers = buffers;
  if (deadline !== undefined) message.deadline = deadline;
  if (timeout !== undefined) message.sayWhenStarted = true;
  if (stores !== undefined) {
    message.stores = stores;
    const declaredIn = newlyDeclared(stores, slot.knownStores);
    if (declaredIn !== undefined) message.declaredIn = declaredIn;
  }
  return message;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function newlyDeclared(stores: readonly string[], known: Set<string>): string[] | undefined {
  let modules: string[] | undefined;
  for (let i = 0; i < stores.length; i += 2) {
    const name = stores[i]!;
    if (known.has(name)) continue;
    const record = declaredStores.get(name);
    if (record !== undefined) (modules ??= []).push(record.module);
  }
  return modules;
}

/** Only now is it sure that the modules that declare them could be loaded. */
function rememberStores({ input: { stores = [] } }: Call, { knownStores }: Slot): void {
  for (let i = 0; i < stores.length; i += 2) knownStores.add(stores[i]!);
}

function outcomeOf(response: RunResponse): Outcome {
  if (response.type === 'threw') return response;
  return { type: 'returned', value: reviveBuffers(response.value, response.buffers) };
}

function crashError({ input }: Call, exit: WorkerExit): OffloopError {
  const { name } = input.task;
  const cause = exit.error === undefined ? undefined : { cause: exit.error };
  if (exit.isOutOfMemory) {
    return new WorkerOutOfMemoryError(
      `The worker that ran the task '${name}' ran out of memory. Give it less at a time, or raise \`resourceLimits.maxOldGenerationSizeMb\`.`,
      cause,
    );
  }
  const why = exit.error === undefined ? '' : `: ${messageOf(exit.error)}`;
  return new WorkerCrashedError(
    `The worker that ran the task '${name}' ended ${exit.how}${why}. The task may have run in part; nothing else is affected.`,
    exit.exitCode,
    cause,
  );
}

function warnIdleCrash(pool: string, exit: WorkerExit): void {
  const what = exit.error === undefined ? '' : `: ${messageOf(exit.error)}`;
  process.emitWarning(
    `An idle worker of the pool '${pool}' ended ${exit.how}${what}. Something that a finished task had left running did it; no task was lost.`,
    { code: 'OFFLOOP_WORKER_CRASHED', type: 'OffloopWarning' },
  );
}

function isDenied(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_ACCESS_DENIED';
}

function startError(pool: string, error: unknown): unknown {
  if (error instanceof OffloopError) return error;
  return new OptionError(
    `The pool '${pool}' could not start a worker: ${messageOf(error)}. Look at \`execArgv\`, \`env\` and \`resourceLimits\`.`,
    { cause: error },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : describe(error);
}
