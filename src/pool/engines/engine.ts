import type { ResourceLimits, Transferable } from 'node:worker_threads';

import type { BatchResults } from '../../wire/batch-results.ts';
import type { Batch } from '../../wire/messages/batch.ts';
import type { WorkerNotice } from '../../wire/messages/notices.ts';
import type { AbortMessage, RunMessage } from '../../wire/messages/requests.ts';
import type { BatchDone, RunResponse } from '../../wire/messages/responses.ts';
import type { CpuSource } from '../cpu/cpu-source.ts';
import type { Unread } from './unread.ts';

/** A worker: a thread, a process, or the caller's own thread. The pool sends a request only after the response to the previous one. */
export interface EngineWorker {
  /**
   * Runs one call. Exactly one callback is called, once: with the worker's response, with NotCloneableError when the message could not
   * be sent, or with what arrived in place of a response. When the worker ends first, none is called, and `onExit` reports the end.
   * These are callbacks because each further promise shows in the cost of a call.
   */
  run(message: RunMessage, transfer: readonly Transferable[] | undefined, done: RunCallbacks): void;
  /** Several calls in one message; undefined where a call that has not started cannot be taken back. */
  readonly batches: Batches | undefined;
  sendAbort(message: AbortMessage): void;
  /** Delivers the notices that have been posted so far. Every notice that was posted before a response is among them. */
  flushNotices(): void;
  /** Lets an idle worker's timers and I/O go on, at the price of a slower next call. Undefined where they always do. */
  readonly resumeEventLoop: (() => void) | undefined;
  /** Runs the hooks of `beforeWorkerEnds()`. Call this only while no call is running. Undefined where no hook can be registered. */
  readonly runEndHooks: ((onDone: () => void) => void) | undefined;
  /** Whether the worker has been set up. Before that, it cannot have started a task. */
  isReady(): boolean;
  /** The worker's number in its pool. */
  readonly number: number;
  /** The kernel's id of the thread, or of the process; 0 where it is not known, or not yet. */
  readonly tid: number;
  /** Its folder in /proc; undefined where it is not known. */
  readonly procFolder: string | undefined;
  /** How long its event loop has been active, in ms; undefined where that is not known, as of a process. */
  activeMs(): number | undefined;
  /** Whether `taskStartedAt()` knows when a task starts. */
  readonly tellsStart: boolean;
  /** When the function of the running task was called, an instant of `now()`; undefined while no task runs, and where it is not known. */
  taskStartedAt(): number | undefined;
  /** The CPU time of the worker's thread at the end of its last message, in ms; undefined where it is not known. */
  cpuAtMessageEnd(): number | undefined;
  /** Undefined where the calls' CPU time is that of the caller's own thread. */
  readonly cpu: CpuSource | undefined;
  /** Where the worker is right now; undefined where its stack cannot be read. */
  stack(): Promise<string | undefined>;
  /** Resolves once the worker is gone; `onExit` is called as well. */
  terminate(): Promise<void>;
}

interface Batches {
  /** Responses that are not in the batch results arrive as notices. */
  run(batch: Batch, done: BatchCallbacks): void;
  /** The results of the last batch. */
  readonly results: BatchResults;
}

interface RunCallbacks {
  onResponse(response: RunResponse): void;
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
  /** Called exactly once. */
  onExit(exit: WorkerExit): void;
}

export interface WorkerExit {
  readonly exitCode: number | null;
  readonly isOutOfMemory: boolean;
  /** The error that ended the worker, where one was thrown. */
  readonly error: unknown;
  /** In words, for the error's message: "by process.exit(3)". */
  readonly how: string;
  /** The system's error code, where a process has reported that the machine lacks what it needs to start. */
  readonly shortage?: string | undefined;
}

export interface WorkerOptions {
  /** The worker's number in its pool: `currentTask().worker`, and OFFLOOP_WORKER in its environment. */
  readonly number: number;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly execArgv: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly preload: readonly string[];
  readonly reportMemory: boolean;
}

/** @throws the platform's own error when no worker can be started here */
export type StartWorker = (options: WorkerOptions, events: WorkerEvents) => EngineWorker;
