import { tracingChannel } from 'node:diagnostics_channel';

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
