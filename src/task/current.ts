import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { types } from 'node:util';
import { MessagePort, type Transferable } from 'node:worker_threads';

import { Object, String, DOMException, ArrayBuffer } from '../node/intrinsics.ts';
import { shared } from '../shared/shared.ts';
import { describe } from '../validation/describe.ts';
import { DeadlineExceededError, OptionError, PoolClosedError, TaskTimeoutError } from '../errors.ts';
import { observed } from '../shared/introspection.ts';
import type { Clock } from '../node/timers.ts';
import type { AbortKind } from '../wire/messages/requests.ts';
import { signalPrototype, TaskController } from './abort-controller.ts';

/** The task that is running, as its function sees it. */
export interface CurrentTask {
  /** Unique in its pool: the same id stands in the pool's own errors and reports. */
  readonly id: string;
  readonly name: string;
  /**
   * Aborted once the caller has aborted, the timeout or the deadline has passed, or the pool is closing. Its `aborted`
   * can be read from a synchronous loop too. The reason tells the kind; the caller's own reason stays with the caller.
   */
  readonly signal: AbortSignal;
  /** Epoch ms. */
  readonly deadline?: number;
  /**
   * Hands a value to the caller's `onProgress`; dropped when it has none, or has given up waiting. Where a task reports faster
   * than the caller listens, the newest 1,000 values are kept; `pool.stats()` counts the others as `progressDropped`.
   */
  progress(value: unknown): void;
  /** Throws the signal's reason once the task has been told to stop. Cheap enough for every turn of a loop. */
  throwIfAborted(): void;
}

/** What surrounds a running task: a thread, a process, or the caller's own thread. */
export interface TaskHost {
  /** Of its deadline. */
  readonly clock: Clock;
  /** Whether the task of this number has been told to stop, read synchronously. */
  pollAbort(id: number): AbortKind | undefined;
  progress(id: number, value: unknown): void;
}

/** The task that is running in the current context. */
export const runningTask = shared('runningTask', () => new AsyncLocalStorage<TaskHandle>());

observed.contextTask = () => runningTask.getStore()?.name;

/** Inside a task: which one it is. Elsewhere undefined. */
export function currentTask(): CurrentTask | undefined {
  return runningTask.getStore()?.current;
}

/** A task from the side of those who run it; `current` is what its function sees. */
export class TaskHandle {
  readonly #id: number | string;
  readonly name: string;
  readonly deadline: number | undefined;
  /** The same as an instant of its host's clock. */
  readonly due: number | undefined;
  /** It has returned or thrown; what it left running may go on. */
  isOver = false;
  /** Filled by `move()`. */
  moved: Set<Transferable> | undefined;
  readonly #host: TaskHost;
  #current: CurrentTask | undefined;
  #controller: AbortController | undefined;
  #scope: AsyncResource | undefined;

  /** @param id the number that its host knows it by; a text where the host knows but one */
  constructor(id: number | string, name: string, deadline: number | undefined, due: number | undefined, host: TaskHost) {
    this.#id = id;
    this.name = name;
    this.deadline = deadline;
    this.due = due;
    this.#host = host;
  }

  get id(): string {
    return String(this.#id);
  }

  get clock(): Clock {
    return this.#host.clock;
  }

  /** Made when it is first asked for, which most tasks never do; its methods may be taken out of it. */
  get current(): CurrentTask {
    const { id, name, deadline } = this;
    return (this.#current ??= Object.defineProperty(
      {
        ...(deadline === undefined ? { id, name } : { id, name, deadline }),
        progress: (value: unknown) => {
          // What a finished task has left running has nobody to tell.
          if (!this.isOver) this.#host.progress(this.#number, value);
        },
        throwIfAborted: () => { this.#throwIfAborted(); },
      } as CurrentTask,
      'signal',
      { __proto__: null, get: () => this.#openSignal(), enumerable: true } as PropertyDescriptor,
    ));
  }

  /** It has been told to stop, and has a signal that says so. */
  get isAborted(): boolean {
    return this.#controller !== undefined && isAborted(this.#controller.signal);
  }

  get #number(): number {
    return typeof this.#id === 'number' ? this.#id : 0;
  }

  #openSignal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new TaskController();
      // Listeners run in the task's context, not in that of the message that brought the news.
      this.#scope = new AsyncResource('offloop.TaskSignal');
      makePollable(this.#controller.signal, () => { this.pollAbort(); });
    }
    this.pollAbort();
    return this.#controller.signal;
  }

  #throwIfAborted(): void {
    const kind = this.pollAbort();
    if (kind !== undefined) throw this.#controller?.signal.reason ?? abortReason(kind, this.name);
  }

  /** Looks at the host's flag, and lets the signal's listeners know what it says. */
  pollAbort(): AbortKind | undefined {
    const kind = this.#host.pollAbort(this.#number);
    if (kind !== undefined) this.abort(kind);
    return kind;
  }

  abort(kind: AbortKind): void {
    const controller = this.#controller;
    if (controller === undefined || this.isAborted) return;
    this.#scope?.runInAsyncScope(() => { controller.abort(abortReason(kind, this.name)); });
  }
}

export function abortReason(kind: AbortKind, name: string): Error {
  switch (kind) {
    case 'abort':
      return new DOMException(`The caller of the task '${name}' aborted it.`, 'AbortError');
    case 'timeout':
      return new TaskTimeoutError(`The task '${name}' has used up its timeout and is to stop.`);
    case 'deadline':
      return new DeadlineExceededError(`The deadline of the task '${name}' has passed and it is to stop.`);
    case 'closed':
      return new PoolClosedError(`The pool that runs the task '${name}' is closing and it is to stop.`);
  }
}

const nativeAborted = Object.getOwnPropertyDescriptor(signalPrototype, 'aborted')?.get as (this: AbortSignal) => boolean;
const nativeReason = Object.getOwnPropertyDescriptor(signalPrototype, 'reason')?.get as (this: AbortSignal) => unknown;

/** What the signal itself knows, without a look at the host. */
function isAborted(signal: AbortSignal): boolean {
  return nativeAborted.call(signal);
}

/** A signal learns of an abort by an event, and a synchronous loop gets none: so looking at it asks the host first. */
function makePollable(signal: AbortSignal, poll: () => void): void {
  Object.defineProperties(signal, {
    // A `value` or a `get` on Object.prototype would be a part of each of these.
    aborted: { __proto__: null, get: () => (poll(), nativeAborted.call(signal)) },
    reason: { __proto__: null, get: () => (poll(), nativeReason.call(signal)) },
    throwIfAborted: {
      __proto__: null,
      value: () => {
        poll();
        if (nativeAborted.call(signal)) throw nativeReason.call(signal);
      },
    },
  } as PropertyDescriptorMap);
}

/**
 * Inside a task: hands a part of the result over instead of copying it, `return move(buffer)`. Afterwards the worker
 * cannot use it any more. Outside of a task it does nothing.
 * @param transfer what to hand over; default: the value itself, or the memory of a typed array.
 * @returns the value, unchanged
 * @throws OptionError (OFFLOOP_OPTION) when the value cannot be transferred and no list is given
 */
export function move<T>(value: T, transfer: readonly Transferable[] = transferablesOf(value)): T {
  if (!Array.isArray(transfer as unknown)) throw new OptionError(`move(): expected the list of what to hand over to be an array, got ${describe(transfer)}.`);
  const task = runningTask.getStore();
  if (task !== undefined) task.moved = new Set([...(task.moved ?? []), ...transfer]);
  return value;
}

function transferablesOf(value: unknown): Transferable[] {
  if (types.isArrayBuffer(value) || value instanceof MessagePort || isStream(value)) return [value];
  if (!ArrayBuffer.isView(value)) {
    throw new OptionError(`move(): expected an ArrayBuffer, a typed array or a MessagePort, or a web stream, got ${describe(value)}. Or name what to hand over: move(value, [buffer]).`);
  }
  // Memory that others look at too (a small Buffer lives in a shared slab, a SharedArrayBuffer never moves) is copied.
  return types.isArrayBuffer(value.buffer) && value.byteLength === value.buffer.byteLength ? [value.buffer] : [];
}

function isStream(value: unknown): value is Transferable {
  return /^\[object (Readable|Writable|Transform)Stream\]$/.test(Object.prototype.toString.call(value));
}
