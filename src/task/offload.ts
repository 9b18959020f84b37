import { assertNotEntry, moduleUrl, type ModuleRef } from '../context/module-ref.ts';
import { thread } from '../shared/shared.ts';
import { describe } from '../validation/describe.ts';
import { OptionError } from '../errors.ts';
import { observed } from '../shared/introspection.ts';
import { ownCopy } from '../node/own-properties.ts';
import { runningTask } from './current.ts';
import { runHere } from './nested-calls.ts';
import { checkOffloadOptions, checkRunOptions, type OffloadOptions, type RunOptions } from './options.ts';
import { registerTask, type TaskRecord } from './registry.ts';

/** A function that runs on a worker. */
export interface Task<A extends unknown[], R> {
  /** Runs on the default pool; inside a task on the same thread, with no second hop. */
  (...args: A): Promise<R>;
  readonly taskName: string;
  /** The `file:` URL of the module that declares it. */
  readonly module: string;
  /** The same task with options for its calls. */
  with(options: RunOptions): (...args: A) => Promise<R>;
  /** The wrapped function itself, on this thread. */
  inline(...args: A): R | Promise<R>;
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
  const { name = fn.name, timeout, priority, expected, errors = [] } = checkOffloadOptions(options);
  const url = moduleUrl('offload()', module);
  if (name === '') throw new OptionError(anonymousMessage(url));
  assertNotEntry(`offload('${name}')`, url);
  const record: TaskRecord = { module: url, name, ref: module, fn, timeout, priority, expected, errors };
  registerTask(record);
  return createTask<A, Awaited<R>>(record);
}

function noFunctionMessage(module: unknown, fn: unknown): string {
  if (typeof module === 'function') return 'offload(): pass the module first, so that a worker finds the function in it: offload(import.meta, function name() {…}).';
  return `offload(): expected a function, got ${describe(fn)}.`;
}

function anonymousMessage(url: string): string {
  return (
    `offload(): the function in ${url} has no name, and the worker finds it by its name. ` +
    "Name the function, `offload(import.meta, function resize(…) {…})`, or pass a name, `{ name: 'resize' }`."
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

/** The name tells the watchdog which task it was, should the function block the event loop. */
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

/** Runs a task that is called outside of a worker: the default pool, which lives one layer above. */
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
    // A proxy may throw.
    return undefined;
  }
}
