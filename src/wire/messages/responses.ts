import type { EncodedThrow } from '../values/thrown.ts';
import type { Repairs } from '../values/repairs.ts';

/** A worker's response to one call. */
export type RunResponse = (RunReturned | RunThrew) & {
  /** How long the task's function ran, in ms. */
  readonly runMs: number;
  /** The CPU time of the call, in ms, where the request asked for it. */
  readonly cpuMs?: number | undefined;
  /** Bytes of heap and external memory in use, where the setup asked for them. */
  readonly memory?: number | undefined;
};

interface RunReturned {
  readonly type: 'returned';
  readonly value: unknown;
  readonly repairs?: Repairs | undefined;
}

interface RunThrew {
  readonly type: 'threw';
  readonly thrown: EncodedThrow;
  /** A module could not be loaded. */
  readonly hasNotLoaded?: true;
}

/** Every call of a batch has been run or taken back. */
export interface BatchDone {
  readonly type: 'done';
  readonly memory?: number | undefined;
}

/** Sent in place of a response: the worker could not read the request. */
export interface UnreadRequest {
  readonly type: 'unread';
  readonly cause: unknown;
}
