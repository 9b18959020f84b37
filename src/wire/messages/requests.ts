import type { Batch } from './batch.ts';
import type { RunMessage } from './run.ts';

/**
 * The requests of a pool to a worker. Each is one tinypool task, and is answered by one response. An `AbortMessage` goes by the side
 * channel instead, since the worker is busy then.
 */
export type TaskRequest = RunMessage | BatchMessage | ResumeEventLoopMessage | EndHooksMessage;

/** Run several calls in turn. */
export interface BatchMessage {
  readonly type: 'batch';
  readonly batch: Batch;
}

/** Let the event loop turn until the next request: the worker has been idle for a while. */
export interface ResumeEventLoopMessage {
  readonly type: 'resume-event-loop';
}

/** Run the hooks of `beforeWorkerEnds()`, then answer: the worker is about to be ended. */
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
