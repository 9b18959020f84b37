import type { ModuleRef } from '../context/module-ref.ts';
import { cleanResource } from '../context/root.ts';
import { observed } from '../shared/introspection.ts';
import { checkOptions, rules } from '../validation/options.ts';
import { ownCopy } from '../node/own-properties.ts';
import { taskRecord, type Task } from '../task/offload.ts';
import { checkRunOptions, type RunOptions } from '../task/options.ts';
import type { TaskRecord } from '../task/registry.ts';
import { timeLimit } from '../node/time-limit.ts';
import { Admission, type CallContext, type Create } from './admission.ts';
import { PromisedCall, type Call } from './calls/call.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { MapCall } from './map/map-call.ts';
import { Maps } from './map/maps.ts';
import type { MapOptions, MapResult } from './map/map.ts';
import { PlainModules, type PlainTaskOptions, type TasksOf } from './module-tasks.ts';
import type { PoolOptions } from './options.ts';
import { normalizePoolOptions, type PoolSettings } from './settings.ts';
import { watchLimits } from './calls/limits.ts';
import { calledAfterCloseError, withCallSiteStack, closedError, notATaskError } from './calls/refusals.ts';
import type { PoolStats } from './calls/stats.ts';
import type { CloseOptions, Pool } from './types.ts';
import { taskChannel, tracedCalls, type TaskTrace, type TracedCall } from './calls/trace.ts';

/**
 * Creates a pool with workers of its own. The workers start with the first task; an idle pool does not keep the process alive.
 * @throws OptionError (OFFLOOP_OPTION)
 */
export function createPool(options: PoolOptions = {}): Pool {
  return new WorkerPool(normalizePoolOptions('createPool()', options));
}

/** Nothing inside the pool runs in a caller's context or keeps one alive. */
const root = cleanResource('offloop.Pool');
const inRoot = <R>(fn: () => R): R => root.runInAsyncScope(fn);

const noOptions: RunOptions = Object.freeze(ownCopy({}));

export class WorkerPool implements Pool {
  readonly #settings: PoolSettings;
  readonly #dispatcher: Dispatcher;
  readonly #admission: Admission;
  readonly #maps: Maps;
  readonly #modules = new PlainModules((record, args, options) => this.runRecord(record, args, options));
  #state: 'running' | 'closing' | 'closed' = 'running';
  #closed: Promise<void> | undefined;
  #lastId = 0;
  readonly #idleWaiters: (() => void)[] = [];

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#dispatcher = inRoot(() => new Dispatcher(settings, () => { this.#handleChange(); }));
    this.#admission = new Admission(settings, this.#dispatcher);
    this.#maps = new Maps({
      ...{ settings, dispatcher: this.#dispatcher, admission: this.#admission, inRoot },
      ready: () => this.ready(),
      send: () => { this.#send(); },
      enqueue: (...item) => this.#enqueueItem(...item),
      run: (...call) => this.runRecord(...call),
    });
    observed.pools.add(this);
  }

  run<A extends unknown[], R>(task: Task<A, R>, args: A, options?: RunOptions): Promise<R> {
    const record = taskRecord(task);
    if (record === undefined) return Promise.reject(notATaskError('run', task));
    return this.runRecord(record, args, options) as Promise<R>;
  }

  /** Calls a task. The arguments are checked and the context is encoded when this returns. Errors are rejections, and are never thrown. */
  runRecord(record: TaskRecord, args: readonly unknown[], options: RunOptions | undefined, contextOf?: () => CallContext): Promise<unknown> {
    const id = ++this.#lastId;
    if (!taskChannel.hasSubscribers) return this.#run(id, record, args, options, undefined, contextOf);
    const { name, module } = record;
    const trace: TaskTrace = { id: String(id), name, module, pool: this.#settings.name };
    const traced: TracedCall = { pool: this, isAdmitted: false, waitMs: undefined, runMs: undefined, cpuMs: undefined };
    tracedCalls.set(trace, traced);
    return taskChannel.tracePromise(() => this.#run(id, record, args, options, traced, contextOf), trace);
  }

  map<I, R>(task: Task<[I], R>, items: Iterable<I> | AsyncIterable<I>, options: MapOptions = {}): MapResult<R> {
    return this.#maps.map<I, R>(task, taskRecord(task), items, options);
  }

  tasks<M>(module: ModuleRef, options: PlainTaskOptions = {}): TasksOf<M> {
    return this.#modules.tasks<M>(module, options);
  }

  async ready(): Promise<void> {
    this.#assertRunning();
    await this.#admission.reservations.wait();
  }

  stats(): PoolStats {
    const { queue, timings } = this.#dispatcher;
    const { name, maxQueue, engine, billBy, cpus } = this.#settings;
    this.#dispatcher.collectCpu();
    const workers = this.#dispatcher.workerStats();
    return {
      ...{ name, state: this.#state, queue: { waiting: queue.size, max: maxQueue }, workers, cpus: { ...cpus } },
      tasks: timings.stats(engine.isInline ? undefined : workers.messages),
      ...(billBy !== undefined && { billing: this.#admission.bills.stats() }),
    };
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const { drain = true, timeout } = checkOptions<CloseOptions>('pool.close()', options, { drain: rules.boolean, timeout: rules.ms });
    this.#closed ??= inRoot(() => this.#close());
    if (!drain) inRoot(() => { this.#rejectAll(); });
    const timer = drain && timeout !== undefined ? inRoot(() => timeLimit(this.#settings.engine.clock, timeout, () => { this.#rejectAll(); })) : undefined;
    await this.#closed;
    timer?.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #run(
    id: number,
    record: TaskRecord,
    args: readonly unknown[],
    options: RunOptions | undefined,
    traced: TracedCall | undefined,
    contextOf: (() => CallContext) | undefined,
  ): Promise<unknown> {
    try {
      const checked = options === undefined ? noOptions : checkRunOptions(`pool.run('${record.name}')`, options);
      this.#assertRunning(record);
      const call = this.#admission.admit(id, record, args, checked, traced, createPromised, contextOf?.());
      // A getter in the arguments or a store's codec may have closed the pool: nothing would end a worker that is started now.
      this.#assertRunning(record);
      if (traced !== undefined) traced.isAdmitted = true;
      this.#submit(call, checked.signal);
      return call.result;
    } catch (error) {
      // The reason of an aborted signal may be any value.
      return Promise.reject(withCallSiteStack(error));
    }
  }

  #assertRunning(task?: TaskRecord): void {
    if (this.#state !== 'running') throw calledAfterCloseError(this.#settings.name, task === undefined ? 'pool.ready()' : `the task '${task.name}'`);
  }

  #submit(call: Call, signal: AbortSignal | undefined): void {
    if (call.extras?.deadline !== undefined || signal !== undefined) this.#watch(call, signal);
    this.#admission.enqueue(call);
    if (this.#dispatcher.isPumpable) inRoot(() => { this.#dispatcher.pump(); });
    else this.#dispatcher.handleWaiting(call);
  }

  /** Runs in the root context: messages to workers and new workers must not be tied to the caller's context. */
  #send(): void {
    if (this.#dispatcher.isPumpable) inRoot(() => { this.#dispatcher.pump(); });
    else this.#dispatcher.watchWorkers();
  }

  #enqueueItem(record: TaskRecord, item: unknown, options: RunOptions, context: CallContext, onSettled: () => void): MapCall {
    this.#assertRunning(record);
    const call = this.#admission.admit(++this.#lastId, record, [item], options, undefined, (...parts) => new MapCall(onSettled, ...parts), context);
    this.#assertRunning(record);
    if (call.extras?.deadline !== undefined) this.#watch(call, undefined);
    this.#admission.enqueue(call);
    return call;
  }

  #watch(call: Call, signal: AbortSignal | undefined): void {
    inRoot(() => { watchLimits(call, signal, this.#settings.engine.clock, (kind, reason) => { this.#dispatcher.cancel(call, kind, reason); }); });
  }

  #handleChange(): void {
    this.#admission.reservations.grant();
    if (this.#isIdle) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  get #isIdle(): boolean {
    return this.#dispatcher.queue.size === 0 && this.#dispatcher.busy === 0;
  }

  async #close(): Promise<void> {
    this.#state = 'closing';
    this.#dispatcher.dropMinimum();
    this.#admission.reservations.refuseAll(() => closedError(this.#settings.name, 'pool.ready() was still waiting when'));
    if (!this.#isIdle) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    await this.#dispatcher.end();
    this.#state = 'closed';
    observed.pools.delete(this);
    this.#maps.end();
  }

  #rejectAll(): void {
    this.#dispatcher.cancelAll('closed', () => closedError(this.#settings.name, 'A call was cancelled because'));
  }
}

/** Written out: a list of the rest takes longer to make than the call. */
const createPromised: Create<PromisedCall> = (id, task, learned, lane, turn, args, stores, priority, extras) =>
  new PromisedCall(id, task, learned, lane, turn, args, stores, priority, extras);
