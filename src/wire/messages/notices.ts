import type { EncodedThrow } from '../values/thrown.ts';
import type { Repairs } from '../values/repairs.ts';
import type { RunResponse } from './responses.ts';

/** Everything that a worker sends to its pool besides the responses to requests. */
export type WorkerNotice =
  | StartedNotice | ProgressNotice | ResponseNotice | UnknownTextNotice | ResultsNotice | ReadyNotice | LeftoverNotice | FatalNotice | CpuNotice
  | EndHooksNotice | WarningNotice | UnreadNotice;

/** A task has started that was sent with `sayWhenStarted`. */
interface StartedNotice {
  readonly type: 'started';
  readonly id: number;
}

/** A task has called `progress()`. */
export interface ProgressNotice {
  readonly type: 'progress';
  readonly id: number;
  readonly value?: unknown;
  readonly repairs?: Repairs | undefined;
  /** From a process: `value` and `repairs`, serialized. The pool reads them when it delivers the value, so that a dropped value costs little. */
  readonly bytes?: Uint8Array | undefined;
  /** How many older values of this task were dropped before this one. */
  readonly dropped?: number | undefined;
  /** The task runs on the caller's own thread, and waits for its listener. */
  readonly isHere?: true;
}

/** The response to one call of a batch that is not in the batch results. */
export interface ResponseNotice {
  readonly type: 'response';
  readonly id: number;
  readonly place: number;
  /** How long the call waited behind others of its batch, in ms. */
  readonly waitedMs: number;
  readonly response: RunResponse;
}

/** A call of a batch was not started: the worker does not have the text of one of its stores. */
export interface UnknownTextNotice {
  readonly type: 'unknown-text';
  readonly id: number;
  readonly place: number;
}

/** The batch results have new values. */
interface ResultsNotice {
  readonly type: 'results';
}

/** From a process: it has been set up. A thread says so in its control block. */
interface ReadyNotice {
  readonly type: 'ready';
  /** The CPU time of the process so far, in ms. */
  readonly cpuMs: number;
}

/** From a process that exits by itself while a task runs: the CPU time of the task's call, in ms. A thread writes it into its control block. */
interface CpuNotice {
  readonly type: 'cpu';
  readonly cpuMs: number;
}

/** Something that a finished task had left running has thrown, or has ended the worker. */
export interface LeftoverNotice {
  readonly type: 'leftover';
  readonly task: string;
  /** In words: "threw RangeError: …". */
  readonly what: string;
  /** The worker is ending because of it. */
  readonly isFatal: boolean;
}

/** From a process: an error was thrown that nobody caught, and the process is ending because of it. A thread's error event says so. */
interface FatalNotice {
  readonly type: 'fatal';
  readonly thrown: EncodedThrow;
}

/** A hook of `beforeWorkerEnds()` has been registered in the worker. */
export interface EndHooksNotice {
  readonly type: 'hooks';
}

/** A warning to emit once in the pool's process, however many workers send it. */
export interface WarningNotice {
  readonly type: 'warning';
  readonly code: string;
  readonly message: string;
}

/** Made by the pool's own side in place of a notice that cannot be read: which notice was lost is not known. */
interface UnreadNotice {
  readonly type: 'unread';
  readonly cause: unknown;
}
