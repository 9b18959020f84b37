import type { ChildProcess } from 'node:child_process';
import type { Transferable, Worker } from 'node:worker_threads';

import type { Unread } from '../unread.ts';

/** A worker in a tinypool of its own. Call its methods in the root context. */
export interface TinypoolWorker {
  /** Calls back once. When the worker ends first, it does not: the worker's exit says more than tinypool's error. */
  post(message: object, transfer: readonly Transferable[] | undefined, callbacks: PostCallbacks): void;
  terminate(): Promise<void>;
}

export interface PostCallbacks {
  onResponse(response: unknown): void;
  /** The message could not be sent. */
  onUnsent(cause: unknown): void;
  /** The message was sent, and no response can be read. */
  onUnread(unread: Unread): void;
}

export interface TinypoolThread extends TinypoolWorker {
  readonly thread: Worker;
}

export interface TinypoolProcess extends TinypoolWorker {
  readonly process: ChildProcess;
}

/** tinypool's own object for a worker. */
export interface Handle {
  readonly thread?: Worker;
  readonly process?: ChildProcess;
  removeListener?(event: string, listener: (...args: unknown[]) => void): void;
}

export function workerOf({ thread, process: child }: Handle): Worker | ChildProcess | undefined {
  return thread ?? child;
}

/** Where a worker stands. `broken`: it is being ended, since it cannot run tasks any more. `ending`: it has been told to end, or has begun to. */
export interface Life {
  state: 'running' | 'broken' | 'ending';
  /** Kept until the exit is reported. */
  brokenBy: { readonly cause: unknown } | undefined;
}
