import { process, String } from '../../node/intrinsics.ts';
import { thread } from '../../shared/shared.ts';
import type { TaskHandle, TaskHost } from '../../task/current.ts';
import type { WorkerNotice } from '../../wire/messages/notices.ts';
import type { AbortMessage, TaskAddress } from '../../wire/messages/requests.ts';
import type { WorkerSetup } from '../../wire/messages/setup.ts';
import type { Channel } from '../../wire/values/structured-clone.ts';

/** The surroundings of a worker's tasks. Flags and notices go by shared memory, a port, a pipe or a call, depending on the worker. */
export interface WorkerHost extends TaskHost {
  /** Sends a notice about the running task. */
  notify(notice: WorkerNotice): void;
  /** Tells the pool that the worker has been set up: from now on an end of the worker is a task's fault. */
  ready(): void;
  /** Tells the pool when the function of the running task was called, an instant of `now()`; 0: no task runs. */
  setStartedAt(at: number): void;
  readonly running: RunningTasks;
  readonly channel: Channel;
  readonly reportMemory: boolean;
  /** The task that each number stands for. */
  readonly addresses: TaskAddress[];
}

/** Gives this thread, or process, its number. @returns the number */
export function takeNumber({ worker }: WorkerSetup): number {
  thread.worker = worker;
  // No option of the user's and no module that is loaded before offloop may give two workers the same number.
  process.env.OFFLOOP_WORKER = String(worker);
  return worker;
}

/** The tasks that wait for a promise, so that abort messages reach them. A synchronous task receives no message. */
export class RunningTasks {
  readonly #handles = new Map<number, TaskHandle>();

  add(id: number, handle: TaskHandle): void {
    this.#handles.set(id, handle);
  }

  delete(id: number): void {
    this.#handles.delete(id);
  }

  abort({ id, kind }: AbortMessage): void {
    this.#handles.get(id)?.abort(kind);
  }
}
