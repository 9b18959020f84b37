import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { Transferable } from 'node:worker_threads';

import { Object, String } from '../node/intrinsics.ts';
import { shared } from '../shared/shared.ts';
import { observed } from '../shared/introspection.ts';
import type { Clock } from '../node/limit-clock.ts';
import type { AbortKind } from '../wire/messages/requests.ts';
import { abortReason } from './interruptions.ts';
import { isAborted, pollingController } from './task-signal.ts';

/** The task that is running, as its function sees it. */
export interface CurrentTask {
  /** Unique in its pool: the same id stands in the pool's own errors and reports. */
  readonly id: string;
  readonly name: string;
  /**
   * The number of the task's worker: the lowest from 1 to `maxThreads` + `spareThreads` that was free when the worker was started. No two
   * workers of a pool have the same one at a time, those included that are still ending: it can be part of a port, or of the name of a
   * database or a file. Where workers take long to end, a new one may get a number above. In the worker's environment:
   * OFFLOOP_WORKER; inline tasks, which have their caller's environment, have only this property.
   */
  readonly worker: number;
  /**
   * Aborted once the caller has aborted, the timeout or the deadline has passed, or the pool is closing. A synchronous loop can read
   * `signal.aborted`, too. The reason tells the kind of abort; the caller's own reason stays with the caller.
   */
  readonly signal: AbortSignal;
  /** Epoch ms. */
  readonly deadline?: number;
  /**
   * Hands a value to the caller's `onProgress`; dropped when the caller has none, or has given up waiting. Where a task reports faster
   * than the caller listens, the newest 1,000 values are kept; `pool.stats()` counts the others as `progressDropped`.
   */
  progress(value: unknown): void;
  /** Throws the signal's reason once the task has been told to stop. Cheap enough for every turn of a loop. */
  throwIfAborted(): void;
}

/** The surroundings of a running task: a thread, a process, or the caller's own thread. */
export interface TaskHost {
  /** The worker's number in its pool. */
  readonly worker: number;
  /** The clock of the task's deadline. */
  readonly clock: Clock;
  /** Whether the task of this number has been told to stop, read synchronously. */
  pollAbort(id: number): AbortKind | undefined;
  progress(id: number, value: unknown): void;
}

/** The task that is running in the current context. */
export const runningTask = shared('runningTask', () => new AsyncLocalStorage<TaskHandle>());

observed.contextTask = () => runningTask.getStore()?.name;

/** Inside a task: the task. Elsewhere undefined. */
export function currentTask(): CurrentTask | undefined {
  return runningTask.getStore()?.current;
}

/** A task from the side of those who run it; `current` is what its function sees. */
export class TaskHandle {
  readonly #id: number | string;
  readonly name: string;
  readonly deadline: number | undefined;
  /** The deadline as an instant of the host's clock. */
  readonly due: number | undefined;
  /** The task has returned or thrown; what it left running may go on. */
  isOver = false;
  /** Filled by `move()`. */
  moved: Set<Transferable> | undefined;
  readonly #host: TaskHost;
  #current: CurrentTask | undefined;
  #controller: AbortController | undefined;
  #scope: AsyncResource | undefined;

  /** @param id the number by which the host knows the task; a text where the host knows only this task */
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

  get worker(): number {
    return this.#host.worker;
  }

  get clock(): Clock {
    return this.#host.clock;
  }

  /** Made on the first use, since most tasks never ask; its methods may be taken out of it. */
  get current(): CurrentTask {
    const { id, name, worker, deadline } = this;
    return (this.#current ??= Object.defineProperty(
      {
        ...(deadline === undefined ? { id, name, worker } : { id, name, worker, deadline }),
        progress: (value: unknown) => {
          // The caller of a finished task listens no more, though the task may have left something running.
          if (!this.isOver) this.#host.progress(this.#number, value);
        },
        throwIfAborted: () => { this.#throwIfAborted(); },
      } as CurrentTask,
      'signal',
      { __proto__: null, get: () => this.#openSignal(), enumerable: true } as PropertyDescriptor,
    ));
  }

  /** The task has been told to stop, and has a signal that says so. */
  get isAborted(): boolean {
    return this.#controller !== undefined && isAborted(this.#controller);
  }

  get #number(): number {
    return typeof this.#id === 'number' ? this.#id : 0;
  }

  #openSignal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = pollingController(() => { this.pollAbort(); });
      // Listeners run in the task's context, not in the context of the message that brought the abort.
      this.#scope = new AsyncResource('offloop.TaskSignal');
    }
    this.pollAbort();
    return this.#controller.signal;
  }

  #throwIfAborted(): void {
    const kind = this.pollAbort();
    if (kind !== undefined) throw this.#controller?.signal.reason ?? abortReason(kind, this.name);
  }

  /** Reads the host's flag, and aborts the task's signal when the flag is set. */
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
