import type { ResourceLimits, Transferable } from 'node:worker_threads';

import type { BatchResults } from '../../wire/batch-results.ts';
import type { AbortNotice, Batch, BatchDone, RunMessage, RunResponse, WorkerNotice } from '../../wire/messages.ts';
import type { Unread } from './unread.ts';

/** One worker, whatever it is made of. The pool hands it a task only when it has answered the one before. */
export interface EngineWorker {
  /**
   * Calls back once: with the worker's answer, with NotCloneableError when the message could not be sent, or with what came in
   * place of an answer. When the worker ends first it calls none of them, and `onExit` tells. Callbacks, since each further promise
   * shows in a task's cost.
   */
  run(message: RunMessage, transfer: readonly Transferable[] | undefined, done: RunCallbacks): void;
  /** Several tasks in one message; absent where one that has not been started cannot be taken back. */
  readonly batches: Batches | undefined;
  /** Tells a running task to stop. */
  tell(notice: AbortNotice): void;
  /** Takes in the notices that have been posted up to now: those that came before an answer are among them. */
  flushNotices(): void;
  /** Called once the worker has been idle for a while: its timers and I/O are to go on, at the price of a slower next start. */
  readonly rest: (() => void) | undefined;
  /** Has it do what is to be done before it ends; no call may be running. Absent where there is never anything to do. */
  readonly finish: ((onDone: () => void) => void) | undefined;
  /** It has been set up; before that it cannot have begun with a task. */
  isReady(): boolean;
  /** Where the worker is right now; undefined where that cannot be had. */
  stack(): Promise<string | undefined>;
  /** Resolves once the worker is gone; `onExit` is called as well. */
  terminate(): Promise<void>;
}

interface Batches {
  /** Answers that do not stand on the sheet come as notices. */
  run(batch: Batch, done: BatchCallbacks): void;
  /** Of the last batch. */
  readonly sheet: BatchResults;
}

interface RunCallbacks {
  onAnswer(response: RunResponse): void;
  onUnsent(error: unknown): void;
  onUnread(unread: Unread): void;
}

interface BatchCallbacks {
  onDone(done: BatchDone): void;
  onUnsent(): void;
  onUnread(unread: Unread): void;
}

export interface WorkerEvents {
  onNotice(notice: WorkerNotice): void;
  /** Exactly once. */
  onExit(exit: WorkerExit): void;
}

export interface WorkerExit {
  readonly exitCode: number | null;
  readonly isOutOfMemory: boolean;
  /** What ended it, if something was thrown. */
  readonly error: unknown;
  /** In words, for the error's message: "by process.exit(3)". */
  readonly how: string;
  /** The system's code, where a process has said that it could not start for want of something. */
  readonly shortage?: string | undefined;
}

/** What a worker is started with. */
export interface WorkerOptions {
  readonly resourceLimits: ResourceLimits | undefined;
  readonly execArgv: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly preload: readonly string[];
  readonly reportMemory: boolean;
}

/** @throws whatever the platform says when no worker can be started here */
export type StartWorker = (options: WorkerOptions, events: WorkerEvents) => EngineWorker;
