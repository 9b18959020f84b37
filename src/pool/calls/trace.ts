import { tracingChannel } from 'node:diagnostics_channel';

import { shared } from '../../shared/shared.ts';

/** A traced call on a pool: one object for all events of the call, without the call's arguments. */
export interface TaskTrace {
  /** The `id` of `currentTask()` in the task; unique in its pool. */
  readonly id: string;
  /** The task's name. */
  readonly name: string;
  /** The `file:` URL of the task's module. */
  readonly module: string;
  /** The pool's name. */
  readonly pool: string;
  /** The value that the call resolved with, once it has. */
  result?: unknown;
  /** The reason that the call rejected with, once it has. */
  error?: unknown;
}

/** `tracingChannel('offloop:task')`: every call on a pool, with the events and contexts of `tracePromise()`. */
export const taskChannel = tracingChannel<unknown, TaskTrace>('offloop:task');

/** Details of a traced call that its trace does not show to subscribers. */
export interface TracedCall {
  /** The pool itself: pool names are not unique. */
  readonly pool: object;
  /** Whether the pool has admitted the call; a refused call has not waited. */
  isAdmitted: boolean;
  /** Ms from the call until the worker reached it; undefined while the call waits. */
  waitMs: number | undefined;
  /** Ms in the task's function; undefined until the worker has responded. */
  runMs: number | undefined;
  /** Ms of CPU time; undefined until the worker has responded, and where the CPU time is not known. */
  cpuMs: number | undefined;
}

/** The details of each traced call, by its trace. */
export const tracedCalls = shared('tracedCalls', () => new WeakMap<TaskTrace, TracedCall>());
