import type { Batch, BatchExtras } from './batch.ts';
import type { WorkerSetup } from './setup.ts';

/**
 * Everything that a pool sends to a worker. An abort goes by the side channel, since the worker is busy; everything else is
 * one tinypool task with one response.
 */
type WorkerRequest = RunMessage | BatchMessage | ResumeEventLoopMessage | EndHooksMessage | AbortMessage;

/** The requests that are tinypool tasks. */
export type TaskRequest = Exclude<WorkerRequest, AbortMessage>;

/** Run one call. */
export interface RunMessage extends BatchExtras {
  readonly type: 'run';
  readonly id: number;
  /** The task's number at this worker; a number is never given to a second task. */
  readonly task: number;
  /** The task that the number stands for. Sent until the worker has responded once. */
  readonly declares?: TaskAddress | undefined;
  readonly args: readonly unknown[];
  /** Carried stores: name, JSON text, name, JSON text … */
  readonly stores?: readonly string[] | undefined;
  /** Modules to load first, since they declare stores that are new to this worker. */
  readonly declaredIn?: readonly string[] | undefined;
  /** Send the call's CPU time with its response. Without this, a thread writes it into shared memory once the response has been sent. */
  readonly wantsCpu?: true | undefined;
  /** Only in the first message to a worker. */
  readonly setup?: WorkerSetup | undefined;
}

/** How both sides find the same function. */
export interface TaskAddress {
  /** The `file:` URL of the task's module. */
  readonly module: string;
  readonly name: string;
}

/** Run several calls in turn. */
export interface BatchMessage {
  readonly type: 'batch';
  readonly batch: Batch;
}

/** Let the event loop turn until the next request: the worker has been idle for a while. */
export interface ResumeEventLoopMessage {
  readonly type: 'resume-event-loop';
}

/** Run the hooks of `beforeWorkerEnds()`, then respond: the worker is about to be ended. */
export interface EndHooksMessage {
  readonly type: 'run-end-hooks';
}

/** Why a running task is to stop. In the control block a kind is its index in this list. */
export const abortKinds = ['abort', 'timeout', 'deadline', 'closed'] as const;
export type AbortKind = (typeof abortKinds)[number];

/** Stop the running task. */
export interface AbortMessage {
  readonly type: 'abort';
  readonly id: number;
  readonly kind: AbortKind;
}
