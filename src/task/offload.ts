import type { Transferable } from 'node:worker_threads';

import type { Carrier } from '../context/carrier-reader.ts';
import { assertNotEntry, moduleUrl, type ModuleRef } from '../context/module-ref.ts';
import { thread } from '../shared/shared.ts';
import { describe } from '../validation/describe.ts';
import { OptionError } from '../errors.ts';
import { observed } from '../shared/introspection.ts';
import { checkOptions, rules, type Rule } from '../validation/options.ts';
import { ownCopy } from '../node/own-properties.ts';
import type { ErrorClass } from '../wire/errors/error-repairs.ts';
import { runningTask } from './current.ts';
import { runHere } from './nested.ts';
import { registerTask, type TaskRecord } from './registry.ts';

export interface OffloadOptions {
  /** Default: the function's own name. Unique in its module. */
  name?: string;
  /** How long a call may run, in ms, unless the call says otherwise. Default: the pool's. */
  timeout?: number;
  /** Waiting calls of a larger priority run first. Default 0. */
  priority?: number;
  /** Error classes that arrive as themselves though the module does not export them. */
  errors?: readonly ErrorClass[];
}

export interface RunOptions {
  /** Rejects with the signal's reason; a waiting call is never started, a running one is told and then stopped. */
  signal?: AbortSignal;
  /** How long the task may run, in ms, from when it starts in its worker. */
  timeout?: number;
  /** When the call must be done, in epoch ms; the nearer of this and `withDeadline` holds. */
  deadline?: number;
  /** Waiting calls of a larger priority run first. Default 0. */
  priority?: number;
  /** Handed over instead of copied: they cannot be used here afterwards. */
  transfer?: readonly Transferable[];
  /** Default 'inherit': the stores that are set at the call. 'none': no store. A carrier: its stores. */
  context?: 'inherit' | 'none' | Carrier;
  /** Gets what the task passes to `currentTask().progress()`, in order, before the call settles. */
  onProgress?(value: unknown): void;
}

/** A function that runs on a worker. */
export interface Task<A extends unknown[], R> {
  /** Runs on the default pool; inside a worker right there, with no second hop. */
  (...args: A): Promise<R>;
  readonly taskName: string;
  /** The `file:` URL of the module that declares it. */
  readonly module: string;
  /** The same task with options for its calls. */
  with(options: RunOptions): (...args: A) => Promise<R>;
  /** The wrapped function itself, on this thread. */
  inline(...args: A): R | Promise<R>;
}

const offloadTable: Readonly<Record<keyof OffloadOptions, Rule>> = {
  name: rules.name,
  timeout: rules.positiveMs,
  priority: rules.finite,
  errors: { is: (v) => Array.isArray(v) && v.every((c) => typeof c === 'function'), expected: 'an array of error classes' },
};

export const runTable: Readonly<Record<keyof RunOptions, Rule>> = {
  signal: rules.signal,
  timeout: rules.positiveMs,
  deadline: rules.finite,
  priority: rules.finite,
  transfer: rules.list,
  context: { is: (v) => v === 'inherit' || v === 'none' || rules.record.is(v), expected: "'inherit', 'none' or a carrier", isSecret: isNoWord },
  onProgress: rules.callback,
};

/** It may be a carrier that was not parsed, which holds sensitive stores in clear text. */
function isNoWord(context: unknown): boolean {
  return typeof context !== 'string' || !/^\w*$/.test(context);
}

/** @throws OptionError (OFFLOOP_OPTION) */
export function checkRunOptions(call: string, options: RunOptions): RunOptions {
  return checkOptions<RunOptions>(call, options, runTable);
}

/**
 * Turns a CPU-heavy function into one that runs on a worker pool. Call it at the top level of a module that a worker can
 * load: the worker imports the same module and finds the function there by its name.
 *
 * @example
 * export const validate = offload(import.meta, function validate(doc: Order) { … });
 * await validate(doc);
 *
 * @throws OptionError (OFFLOOP_OPTION), DuplicateNameError (OFFLOOP_DUPLICATE_NAME), EntryModuleError (OFFLOOP_ENTRY_MODULE)
 */
export function offload<A extends unknown[], R>(module: ModuleRef, fn: (...args: A) => R, options: OffloadOptions = {}): Task<A, Awaited<R>> {
  if (typeof fn !== 'function') throw new OptionError(noFunctionMessage(module, fn));
  const { name = fn.name, timeout, priority, errors = [] } = checkOptions<OffloadOptions>('offload()', options, offloadTable);
  const url = moduleUrl('offload()', module);
  if (name === '') throw new OptionError(anonymousMessage(url));
  assertNotEntry(`offload('${name}')`, url);
  const record: TaskRecord = { module: url, name, ref: module, fn, timeout, priority, errors };
  registerTask(record);
  return createTask<A, Awaited<R>>(record);
}

function anonymousMessage(url: string): string {
  return (
    `offload(): the function in ${url} has no name, and the worker finds it by its name. ` +
    "Name it, `offload(import.meta, function resize(…) {…})`, or say one, `{ name: 'resize' }`."
  );
}

const recordKey = Symbol.for('offloop.task.1');

function createTask<A extends unknown[], R>(record: TaskRecord): Task<A, R> {
  const task = (...args: A): Promise<R> => call(record, args, undefined) as Promise<R>;
  return Object.defineProperties(task, {
    name: { value: record.name, configurable: true },
    taskName: { value: record.name, enumerable: true },
    module: { value: record.module, enumerable: true },
    with: { value: (options: RunOptions) => withOptions(record, options) },
    inline: { value: (...args: A) => runInline(record, args) },
    [recordKey]: { value: record },
  }) as Task<A, R>;
}

/** If it blocks the event loop, the watchdog knows the task by this name. */
function runInline(record: TaskRecord, args: readonly unknown[]): unknown {
  const fn = record.fn!;
  const outer = observed.inlineTask;
  observed.inlineTask = record.name;
  try {
    return fn(...args);
  } finally {
    observed.inlineTask = outer;
  }
}

function withOptions(record: TaskRecord, options: RunOptions): (...args: unknown[]) => Promise<unknown> {
  const checked = checkRunOptions(`${record.name}.with()`, options);
  return (...args) => call(record, args, checked);
}

/** What runs a task that is called outside of a worker: the default pool, which lives one layer above. */
export type Runner = (record: TaskRecord, args: readonly unknown[], options: RunOptions | undefined) => Promise<unknown>;

const noOptions: RunOptions = Object.freeze(ownCopy({}));

let runOnDefaultPool: Runner | undefined;

export function setDefaultRunner(runner: Runner): void {
  runOnDefaultPool = runner;
}

function call(record: TaskRecord, args: readonly unknown[], options: RunOptions | undefined): Promise<unknown> {
  const isInside = thread.isWorker || runningTask.getStore() !== undefined;
  if (isInside || runOnDefaultPool === undefined) return runHere(record, args, options ?? noOptions);
  return runOnDefaultPool(record, args, options);
}

/** The record behind what `offload()` returned, also when another copy of offloop made it. */
export function taskRecord(task: unknown): TaskRecord | undefined {
  try {
    return typeof task === 'function' ? (task as { [recordKey]?: TaskRecord })[recordKey] : undefined;
  } catch {
    // A proxy.
    return undefined;
  }
}

function noFunctionMessage(module: unknown, fn: unknown): string {
  if (typeof module === 'function') return 'offload(): the module comes first, for a worker to find the function in it: offload(import.meta, function name() {…}).';
  return `offload(): expected a function, got ${describe(fn)}.`;
}
