import { tracingChannel } from 'node:diagnostics_channel';

import { shared } from '../../shared/shared.ts';

/** A call on a pool, as those who trace it see it: one object for all its events. It never has the arguments. */
export interface TaskTrace {
  /** That of `currentTask()` in the task; unique in its pool. */
  readonly id: string;
  /** The task's. */
  readonly name: string;
  /** The `file:` URL of the task's module. */
  readonly module: string;
  /** The pool's name. */
  readonly pool: string;
  /** What the call resolved with, when it has. */
  result?: unknown;
  /** What it rejected with, when it has. */
  error?: unknown;
}

/** `tracingChannel('offloop:task')`: every call on a pool, with the events and contexts of `tracePromise()`. */
export const taskChannel = tracingChannel<unknown, TaskTrace>('offloop:task');

/** What is known of a traced call besides what everybody sees. */
export interface TracedCall {
  /** On which one it was made: names are not unique. */
  readonly pool: object;
  /** It was let in; one that was refused has not waited. */
  isAdmitted: boolean;
  /** Ms from the call until its turn had come; undefined as long as it waits. */
  waitMs: number | undefined;
  /** Ms in the task's function, when the worker has answered. */
  runMs: number | undefined;
}

/** By the channel's messages. */
export const tracedCalls = shared('tracedCalls', () => new WeakMap<TaskTrace, TracedCall>());
