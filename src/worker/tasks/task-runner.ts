import { AsyncResource } from 'node:async_hooks';
import type { Transferable } from 'node:worker_threads';

import { Math, Promise, Reflect } from '../../node/intrinsics.ts';
import { v8 } from '../../node/builtins.ts';
import { callersEpoch, now } from '../../node/clock.ts';
import { enterStores } from '../../context/carrier.ts';
import { enterDeadline } from '../../context/deadline.ts';
import { inCleanRoot } from '../../context/root.ts';
import { DeadlineExceededError, ModuleLoadError } from '../../errors.ts';
import { abortReason, runningTask, TaskHandle, type TaskHost } from '../../task/current.ts';
import { findTask, type AnyFunction } from '../../task/registry.ts';
import { isThenable } from '../../node/promises.ts';
import { nameExports, needExports, noClasses, type ErrorClasses, type ErrorRepair } from '../../wire/errors/error-repairs.ts';
import type { Channel } from '../../wire/values/structured-clone.ts';
import type { ProgressNotice, RunMessage, RunResponse, TaskAddress } from '../../wire/messages.ts';
import { repair } from '../../wire/values/repairs.ts';
import { surveyValue, type Prepared } from '../../wire/values/cloneability.ts';
import { encodeThrow } from '../../wire/errors/thrown.ts';
import { explainUnsent } from '../../wire/values/uncloneable.ts';
import { exportsNow, exportsOf, loadModule, resolveTask } from './modules.ts';
import { takeThenOff } from './no-then.ts';

/** The side of a worker that is not about tasks: flags and notices, by shared memory, a port, a pipe or directly. */
export interface WorkerHost extends TaskHost {
  started(id: number): void;
  /** It has been set up: from now on what ends the worker is a task's fault. */
  ready(): void;
  /** Keeps the handle reachable for abort notices while the task waits: a synchronous one hears of none. */
  running(id: number, handle: TaskHandle | undefined): void;
  readonly channel: Channel;
  readonly reportMemory: boolean;
  /** Which task each number stands for. */
  readonly addresses: TaskAddress[];
}

/** What to hand over with a response instead of copying it. */
const transfers = new WeakMap<RunResponse, readonly Transferable[]>();

export function transfersOf(response: RunResponse): readonly Transferable[] | undefined {
  return transfers.get(response);
}

/** Structured clone takes no symbols along. */
const scopeKey = Symbol('scope');

/** The task's own scope, where its result is an object: getters in it are called when it is sent. */
export function scopeOf(response: RunResponse): AsyncResource | undefined {
  return (response as { readonly [scopeKey]?: AsyncResource })[scopeKey];
}

/**
 * Runs one task: load, restore the context in a clean root, call, answer. Never throws or rejects.
 * A promise only where there is something to wait for: each one shows in a task's cost.
 */
export function run(message: RunMessage, host: WorkerHost, inScope: Scope = inCleanRoot): RunResponse | Promise<RunResponse> {
  const address = addressOf(message, host);
  const loading = load(message, host);
  const fn = loading ?? resolveTask(address);
  const task: RunningTask = { message, address, host, inScope, handle: handleOf(message, address, host), startedAt: 0, scope: undefined, classes: undefined };
  return typeof fn === 'function' && message.repairs?.errors === undefined ? start(task, fn) : loadAndStart(task, fn);
}

/** The same deadline to the ms, where the clocks of caller and worker agree. */
const SAME_CLOCK_MS = 50;

function handleOf({ id, deadline, due }: RunMessage, { name }: TaskAddress, host: WorkerHost): TaskHandle {
  if (deadline === undefined || due === undefined) return new TaskHandle(id, name, undefined, undefined, host);
  const here = callersEpoch() + host.clock.timeTo(due);
  return new TaskHandle(id, name, Math.abs(here - deadline) < SAME_CLOCK_MS ? deadline : here, due, host);
}

/** Calls back where no store is set, and where nothing stays of what is entered. */
export type Scope = <R>(fn: () => R) => R;

interface RunningTask {
  readonly message: RunMessage;
  readonly address: TaskAddress;
  readonly host: WorkerHost;
  readonly handle: TaskHandle;
  readonly inScope: Scope;
  /** 0 as long as the function has not been called. */
  startedAt: number;
  /** What the function saw when it returned; undefined where it returned neither an object nor a function. */
  scope: AsyncResource | undefined;
  classes: ErrorClasses | undefined;
}

async function loadAndStart(task: RunningTask, loading: unknown): Promise<RunResponse> {
  try {
    await loading;
    const fn = await resolveTask(task.address);
    task.classes = await classesFor(task);
    return await start(task, fn);
  } catch (error) {
    return threw(task, error);
  }
}

/** Where the errors among the arguments find their classes. */
async function classesFor({ message: { repairs }, address }: RunningTask): Promise<ErrorClasses> {
  const registered = findTask(address)?.errors ?? [];
  return { registered, exports: needExports(repairs?.errors, registered) ? await exportsOf(address) : {} };
}

function start(task: RunningTask, fn: AnyFunction): RunResponse | Promise<RunResponse> {
  const { message, host } = task;
  try {
    assertWanted(task);
    if (message.sayWhenStarted === true) host.started(message.id);
    tasksRunning++;
    task.startedAt = now();
    const value = call(task, fn);
    return isThenable(value) ? settle(task, value) : returned(task, value);
  } catch (error) {
    return threw(task, error);
  }
}

async function settle(task: RunningTask, value: PromiseLike<unknown>): Promise<RunResponse> {
  const { host, message, handle } = task;
  host.running(message.id, handle);
  try {
    const response = returned(task, await (value instanceof Promise ? value : lazily(task, value)));
    return response instanceof Promise ? await response : response;
  } catch (error) {
    return await threw(task, error);
  } finally {
    host.running(message.id, undefined);
  }
}

/** A query, say, begins when its `then` is called: it is to see what its task sees. */
function lazily({ scope }: RunningTask, value: PromiseLike<unknown>): Promise<unknown> {
  return scope!.runInAsyncScope(() => Promise.resolve(value));
}

/** The answer in place of one that could not be sent. */
export function uncloneable(response: RunResponse, cause: unknown, clone?: (value: unknown) => unknown): RunResponse {
  const value = response.type === 'returned' ? response.value : undefined;
  const { runMs, memory } = response;
  const error = explainUnsent(value, 'result', transfersOf(response), cause, clone);
  return { type: 'threw', thrown: encodeThrow(error, 'message'), runMs, memory };
}

/** Modules of the setup that have not been loaded yet; one that failed is tried again, and fails again, with each task. */
const preloads = new Set<string>();

/** Modules that declare carried stores come before the task: both sides must hold the same store when it is entered. */
function load({ setup, declaredIn }: RunMessage, host: WorkerHost): Promise<unknown> | undefined {
  for (const url of setup?.preload ?? []) preloads.add(url);
  const preloading = preloads.size === 0 ? undefined : Promise.all([...preloads].map(preload));
  if (setup !== undefined) {
    if (preloading === undefined) host.ready();
    else void preloading.then(() => { host.ready(); }, () => { host.ready(); });
  }
  if (preloading === undefined && declaredIn === undefined) return undefined;
  return Promise.all([preloading, ...(declaredIn ?? []).map(loadModule)]);
}

async function preload(url: string): Promise<void> {
  await loadModule(url);
  preloads.delete(url);
}

function addressOf({ task, declares }: RunMessage, { addresses }: WorkerHost): TaskAddress {
  if (declares !== undefined) addresses[task] = declares;
  return addresses[task]!;
}

/** Its module may have taken its time to load, and the caller has given up meanwhile. */
function assertWanted({ message: { id }, address, handle: { due }, host }: RunningTask): void {
  if (due !== undefined && host.clock.timeTo(due) <= 0) {
    throw new DeadlineExceededError(`The deadline of the task '${address.name}' passed before it had begun in its worker; it was never started. Allow more time, or give it less to do.`);
  }
  const kind = host.pollAbort(id);
  if (kind !== undefined) throw abortReason(kind, address.name);
}

function call(task: RunningTask, fn: AnyFunction): unknown {
  const { message, handle, inScope } = task;
  const { args, repairs, stores } = message;
  if (repairs !== undefined) repair(args as unknown[], repairs, task.classes ?? noClasses);
  const { deadline } = handle;
  return inScope(() => {
    const within = stores === undefined ? undefined : enterStores(stores);
    runningTask.enterWith(handle);
    if (within !== undefined) return within(() => (deadline === undefined ? callHere(task, fn, args) : enterDeadline(deadline, () => callHere(task, fn, args))));
    return deadline === undefined ? callHere(task, fn, args) : enterDeadline(deadline, () => callHere(task, fn, args));
  });
}

function callHere(task: RunningTask, fn: AnyFunction, args: readonly unknown[]): unknown {
  // A spread would ask the array's iterator, which a task may have replaced.
  const value: unknown = Reflect.apply(fn, undefined, args);
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') task.scope = new AsyncResource('offloop.Result', { requireManualDestroy: true });
  return value;
}

function returned(task: RunningTask, value: unknown): RunResponse | Promise<RunResponse> {
  const { handle, startedAt } = task;
  endTask(handle, startedAt);
  const runMs = now() - startedAt;
  const prepared = typeof value === 'object' && value !== null ? prepare(task, value) : undefined;
  const response = responseFor(task, prepared ?? { value, repairs: undefined }, runMs);
  const errors = prepared?.repairs?.errors;
  return errors === undefined ? response : withExports(task, errors, response);
}

function prepare({ handle, host, scope }: RunningTask, value: object): Prepared | undefined {
  const options = { channel: host.channel, transfer: handle.moved && [...handle.moved], exports: undefined };
  return scope === undefined ? surveyValue(value, 'result', options) : scope.runInAsyncScope(surveyValue, undefined, value, 'result', options);
}

/** Only now, since hardly any result has an error in it. */
function withExports({ address }: RunningTask, errors: readonly ErrorRepair[], response: RunResponse): RunResponse | Promise<RunResponse> {
  const exports = exportsNow(address);
  if (exports === undefined) return exportsOf(address).then((loaded) => (nameExports(errors, loaded), response));
  nameExports(errors, exports);
  return response;
}

function responseFor({ handle, host, scope }: RunningTask, { value, repairs }: Prepared, runMs: number): RunResponse {
  const result: RunResponse & { [scopeKey]?: AsyncResource } = repairs === undefined ? { type: 'returned', value, runMs } : { type: 'returned', value, repairs, runMs };
  if (scope !== undefined) result[scopeKey] = scope;
  const response = withMemory(result, host);
  if (handle.moved !== undefined) transfers.set(response, [...handle.moved]);
  return response;
}

/** @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE) */
export function progressNotice(id: number, value: unknown, channel: Channel): ProgressNotice {
  const prepared = surveyValue(value, 'progress', { channel, transfer: undefined, exports: undefined });
  return prepared === undefined ? { type: 'progress', id, value } : { type: 'progress', id, ...prepared };
}

async function threw({ address, handle, startedAt, host }: RunningTask, error: unknown): Promise<RunResponse> {
  endTask(handle, startedAt);
  const runMs = startedAt === 0 ? 0 : now() - startedAt;
  const thrown = encodeThrow(error, host.channel, await exportsOf(address));
  const hasNotLoaded = startedAt === 0 && error instanceof ModuleLoadError;
  return withMemory(hasNotLoaded ? { type: 'threw', thrown, runMs, hasNotLoaded } : { type: 'threw', thrown, runMs }, host);
}

let tasksRunning = 0;

/** One has been started and is not over. */
export function isTaskRunning(): boolean {
  return tasksRunning > 0;
}

/** May be told twice: what a task returns may not be fit to be sent. */
function endTask(handle: TaskHandle, startedAt: number): void {
  takeThenOff();
  if (startedAt !== 0 && !handle.isOver) tasksRunning--;
  handle.isOver = true;
}

function withMemory(response: RunResponse, host: WorkerHost): RunResponse {
  if (!host.reportMemory) return response;
  const { used_heap_size: heap, external_memory: external } = v8().getHeapStatistics();
  return { ...response, memory: heap + external };
}
