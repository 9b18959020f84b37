import { defineOwn } from './node/own-properties.ts';

/*
 * The table of offloop's errors: each class with what it stands for, its code, and what it tells besides. A message says what was called,
 * what happened and what to do; it is written where the error is raised. A new class is also listed in `errorClasses` below, exported in
 * index.ts and in-worker.ts, and explained in the README's table.
 */

/** Recognise an error by its code: `instanceof` fails when two copies of offloop are installed. */
export type OffloopErrorCode = `OFFLOOP_${string}`;

/** The base class of all errors that offloop itself raises. An error that a task throws arrives as itself instead. */
export class OffloopError extends Error {
  /** Stable across releases: compare this, not the message. */
  readonly code: OffloopErrorCode;

  constructor(code: OffloopErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The task ran longer than its `timeout` (ms). */
export class TaskTimeoutError extends OffloopError {
  /** Where the worker was when time ran out; absent where no inspector is available, or when the task was only waiting. */
  // Only declared, since a field would exist with the value undefined.
  declare readonly workerStack?: string;
  /**
   * How long the task had a CPU, in ms: less than its `timeout` where it waited for something, or where its thread had a lower priority beside
   * shorter tasks. Absent where that is not known.
   */
  declare readonly cpuMs?: number;

  constructor(message: string, workerStack?: string, cpuMs?: number) {
    super('OFFLOOP_TIMEOUT', message);
    if (workerStack !== undefined) this.workerStack = workerStack;
    if (cpuMs !== undefined) this.cpuMs = cpuMs;
  }
}

/**
 * The deadline (from `deadline` or `withDeadline`) passed before the task had finished, or the queue is so long that it would pass: a task
 * that still waited was never started.
 */
export class DeadlineExceededError extends OffloopError {
  /**
   * Ms after which such a call would be in time; only where the call was refused at once, since it would have had to wait too long. Absent
   * where the run alone takes longer than the deadline allows.
   */
  declare readonly retryAfter?: number;

  constructor(message: string, retryAfter?: number) {
    super('OFFLOOP_DEADLINE', message);
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}

/** `maxQueue` calls were waiting already: wait for `pool.ready()`, or shed the load. */
export class QueueFullError extends OffloopError {
  /** Ms after which a tenth of the queue will be free; absent where nothing is known of its pace. */
  declare readonly retryAfter?: number;

  constructor(message: string, retryAfter?: number) {
    super('OFFLOOP_QUEUE_FULL', message);
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}

/** The worker ended while it ran the task: `process.exit`, an uncaught exception, a signal, a native abort. */
export class WorkerCrashedError extends OffloopError {
  /** The exit code; null when a signal ended a worker process. */
  readonly exitCode: number | null;

  constructor(message: string, exitCode: number | null, options?: ErrorOptions) {
    super('OFFLOOP_WORKER_CRASHED', message, options);
    this.exitCode = exitCode;
  }
}

/** The worker reached its heap limit while it ran the task. */
export class WorkerOutOfMemoryError extends OffloopError {
  constructor(message: string, options?: ErrorOptions) {
    super('OFFLOOP_WORKER_OOM', message, options);
  }
}

/** The pool was closed before the call had finished. */
export class PoolClosedError extends OffloopError {
  constructor(message: string) {
    super('OFFLOOP_POOL_CLOSED', message);
  }
}

/** An argument, a result, a progress value or a thrown value cannot cross to another thread as it is. */
export class NotCloneableError extends OffloopError {
  /** The place inside the value, for instance `args[0].socket` or `result.rows[3]`. */
  readonly path: string;

  constructor(message: string, path: string, options?: ErrorOptions) {
    super('OFFLOOP_NOT_CLONEABLE', message, options);
    this.path = path;
  }
}

/** A carried store cannot be encoded, or a carrier cannot be restored. */
export class ContextError extends OffloopError {
  /** The name given to `carry()`; empty when the carrier as a whole is at fault. */
  readonly store: string;
  /** The place inside the store's value, for instance `request.user.socket`; empty when the whole value is meant. */
  readonly path: string;

  constructor(message: string, store: string, path = '', options?: ErrorOptions) {
    super('OFFLOOP_CONTEXT', message, options);
    this.store = store;
    this.path = path;
  }
}

/** A carried store is larger than its `maxBytes`, on capture or on restore. */
export class ContextTooLargeError extends OffloopError {
  readonly store: string;
  /** The encoded size, in bytes of UTF-8. */
  readonly bytes: number;

  constructor(message: string, store: string, bytes: number) {
    super('OFFLOOP_CONTEXT_TOO_LARGE', message);
    this.store = store;
    this.bytes = bytes;
  }
}

/** The worker loaded the module and found no such task in it. */
export class TaskNotFoundError extends OffloopError {
  constructor(message: string) {
    super('OFFLOOP_TASK_NOT_FOUND', message);
  }
}

/** `offload()` or `carry()` was called in the module that started the process, which a worker must not load again. */
export class EntryModuleError extends OffloopError {
  constructor(message: string) {
    super('OFFLOOP_ENTRY_MODULE', message);
  }
}

/** A module could not be loaded in the worker: the file is missing, has a syntax error, or threw at its top level; see `cause`. */
export class ModuleLoadError extends OffloopError {
  constructor(message: string, options?: ErrorOptions) {
    super('OFFLOOP_MODULE_LOAD', message, options);
  }
}

/** An option or an argument of offloop's own functions is not what it must be. */
export class OptionError extends OffloopError {
  constructor(message: string, options?: ErrorOptions) {
    super('OFFLOOP_OPTION', message, options);
  }
}

/** Two tasks of one module, or two carried stores, have the same name. */
export class DuplicateNameError extends OffloopError {
  constructor(message: string) {
    super('OFFLOOP_DUPLICATE_NAME', message);
  }
}

/** Every class above by its name, for rebuilding an error that comes from another thread. */
export const errorClasses: Readonly<Record<string, abstract new (...args: never) => OffloopError>> = {
  OffloopError,
  TaskTimeoutError,
  DeadlineExceededError,
  QueueFullError,
  WorkerCrashedError,
  WorkerOutOfMemoryError,
  PoolClosedError,
  NotCloneableError,
  ContextError,
  ContextTooLargeError,
  TaskNotFoundError,
  EntryModuleError,
  ModuleLoadError,
  OptionError,
  DuplicateNameError,
};

// The name is a property of the prototype, as it is for the built-in errors, and not an own property of each error. The name comes from a
// key of the list above, which a minifier does not change, as it may change a class's own name.
for (const [name, { prototype }] of Object.entries(errorClasses)) {
  defineOwn(prototype, 'name', { value: name, configurable: true, writable: true });
}
