import type { MessagePort } from 'node:worker_threads';

import type { Repairs } from './values/repairs.ts';
import type { EncodedThrow } from './errors/thrown.ts';

/*
 * Every message between a pool and its workers. A run and its response go by tinypool's channel, as one tinypool task;
 * the notices beside it, on a side channel.
 */

/** Everything that a pool posts to a worker thread. */
export type PoolMessage = RunMessage | BatchMessage | RestMessage | EndMessage;

/** Pool to worker: run one task. */
export interface RunMessage {
  readonly type: 'run';
  readonly id: number;
  /** The task's number at this worker; a number is never given to a second task. */
  readonly task: number;
  /** What the number stands for, until the worker has answered once. */
  readonly declares?: TaskAddress | undefined;
  readonly args: readonly unknown[];
  /** What structured clone does to `args`, and is undone on arrival. */
  readonly repairs?: Repairs | undefined;
  /** Carried stores: name, JSON text, name, JSON text … */
  readonly stores?: readonly string[] | undefined;
  /** Modules to load first, since they declare stores that this worker has not seen yet. */
  readonly declaredIn?: readonly string[] | undefined;
  /** Epoch ms, by the caller's clock. */
  readonly deadline?: number | undefined;
  /** The same as an instant of the host's clock: the worker's `Date` may say another time than the caller's. */
  readonly due?: number | undefined;
  /** Say when the task starts: its timeout counts from there, not from when its module began to load. */
  readonly sayWhenStarted?: true | undefined;
  /** With the first message to a worker. */
  readonly setup?: WorkerSetup | undefined;
}

/** Pool to worker: you have been idle for a while, so let your event loop turn until the next run. */
export interface RestMessage {
  readonly type: 'rest';
}

/** Pool to worker: run these in turn. */
export interface BatchMessage {
  readonly type: 'batch';
  readonly batch: Batch;
}

/** Pool to worker: you are about to end, so do what is to be done before that, and answer. */
export interface EndMessage {
  readonly type: 'end';
}

/**
 * Tasks that this worker has run before, column by column: an object for each would cost more to clone than many a task
 * takes to run.
 */
export interface Batch {
  /** Counts the batches of this worker: what stands on the sheet belongs to the batch of this number alone. */
  readonly number: number;
  /** Of each task; consecutive ones are told by the first alone. */
  readonly ids: readonly number[] | number;
  /** The number of each task at this worker; one number where it is the same for all. */
  readonly tasks: readonly number[] | number;
  /** The arguments of all of them, one after the other. */
  readonly args: readonly unknown[];
  /** How many of them each task has; one number where it is the same for all. */
  readonly arity: readonly number[] | number;
  readonly size: number;
  readonly stores?: BatchStores;
  /** By its place: what few tasks have. */
  readonly extras?: Readonly<Record<number, BatchExtras>>;
}

/**
 * What is equal is sent once: requests differ in their texts, seldom in which stores they carry. Texts that are not kept are
 * sent in one, since a string of its own for each costs more to clone than its letters.
 */
export interface BatchStores {
  /** Names of stores that go together. */
  readonly layouts: readonly (readonly string[])[];
  /** Of each task: its layout, -1 where it has no store; one number where it is the same for all. */
  readonly layoutOf: readonly number[] | number;
  /** Of each store of each task: the number of its text (see `KeptTexts`), or SAME_TEXT. */
  readonly numbers: Float64Array;
  /** The texts that the worker is to keep, in the order in which they are needed, and the number of each. */
  readonly keep: readonly string[];
  readonly keepNumbers: readonly number[];
  /** Those that have no number, one after the other, and where each of them ends. */
  readonly text: string;
  readonly ends: readonly number[];
}

/** The text of the store at the same place of the task before, among those that have stores. */
export const SAME_TEXT = -1;

export type BatchExtras = Pick<RunMessage, 'repairs' | 'deadline' | 'due' | 'sayWhenStarted'>;

/** How both sides find the same function. */
export interface TaskAddress {
  /** The `file:` URL of the task's module. */
  readonly module: string;
  readonly name: string;
}

export interface WorkerSetup {
  /** Modules to load before the first task. */
  readonly preload: readonly string[];
  /** Measure the heap after each task. */
  readonly reportMemory: boolean;
  /** Threads: the side channel, and what both sides see at any time: `layout`. */
  readonly sidePort?: MessagePort | undefined;
  readonly control?: SharedArrayBuffer | undefined;
  /** Threads: 1 while the inspector attaches to them, see `Attaching`. */
  readonly attaching?: SharedArrayBuffer | undefined;
  /** Threads: see `Sheet`. */
  readonly sheet?: SharedArrayBuffer | undefined;
  /** Processes have no shared memory: a pipe plays the flag's part, by its descriptor there. On Windows it is a file. */
  readonly abortPipe?: number | undefined;
  readonly abortFile?: string | undefined;
}

/** Worker to pool: the answer to one `run`. */
export type RunResponse = (RunReturned | RunThrew) & {
  /** Milliseconds in the task's function. */
  readonly runMs: number;
  /** Bytes of heap and external memory in use, when the setup asked for it. */
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

/** The words in a thread's control block. */
export const layout = {
  /** The id of the task that is to stop, in two words: a pool that lives long counts beyond one. */
  abortedTask: 0,
  abortedTaskHigh: 1,
  /** Why: its place in `abortKinds`. */
  abortKind: 2,
  /** 1 once the worker has been set up: its preloads are loaded. */
  ready: 3,
  /** 1 once the worker has begun to end by itself. */
  ending: 4,
  /** How many notices the worker has posted on the side channel. */
  posted: 5,
  /** How many of these the pool has taken in, readable or not. */
  received: 6,
  /** How many words there are. */
  size: 7,
} as const;

/** Why a running task is told to stop; its place in the list is the number in the control block. */
export const abortKinds = ['abort', 'timeout', 'deadline', 'closed'] as const;
export type AbortKind = (typeof abortKinds)[number];

/** Pool to worker. */
export interface AbortNotice {
  readonly type: 'abort';
  readonly id: number;
  readonly kind: AbortKind;
}

/** Worker to pool. */
interface StartedNotice {
  readonly type: 'started';
  readonly id: number;
}

/** Worker to pool. */
export interface ProgressNotice {
  readonly type: 'progress';
  readonly id: number;
  readonly value?: unknown;
  readonly repairs?: Repairs | undefined;
  /** From a process: both of these, serialized. They are read when the value is delivered, so that one that is dropped costs little. */
  readonly bytes?: Uint8Array | undefined;
  /** How many older values of this task were dropped before this one. */
  readonly dropped?: number | undefined;
  /** The task runs on the caller's own thread, and waits for its listener. */
  readonly isHere?: true;
}

/** Worker to pool: the answer to one task of a batch, where that does not stand on the sheet. */
export interface AnswerNotice {
  readonly type: 'answer';
  readonly id: number;
  readonly place: number;
  /** Milliseconds that it waited behind others of its batch. */
  readonly waitedMs: number;
  readonly response: RunResponse;
}

/** Worker to pool: this task of a batch was not started, since the worker does not have the text of one of its stores. */
export interface UnknownTextNotice {
  readonly type: 'unknown-text';
  readonly id: number;
  readonly place: number;
}

/** Worker to pool: there is something to be read on the sheet. */
interface SheetNotice {
  readonly type: 'sheet';
}

/** Worker to pool, from a process; a thread says so in its control block. */
interface ReadyNotice {
  readonly type: 'ready';
}

/** Worker to pool: something that a finished task had left running has thrown, or has ended the worker. */
export interface LeftoverNotice {
  readonly type: 'leftover';
  readonly task: string;
  /** In words: "threw RangeError: …". */
  readonly what: string;
  /** The worker ends of it. */
  readonly isFatal: boolean;
}

/** Worker to pool, from a process: this has been thrown, nobody has caught it, and the process ends of it. A thread's error event says so. */
interface FatalNotice {
  readonly type: 'fatal';
  readonly thrown: EncodedThrow;
}

/** Worker to pool: something is to be done here before the worker ends. */
export interface EndHooksNotice {
  readonly type: 'hooks';
}

/** Worker to pool: to be said once in the pool's process, however many workers have it to say. */
export interface WarningNotice {
  readonly type: 'warning';
  readonly code: string;
  readonly message: string;
}

/** The pool's own, in place of a notice that cannot be read. Which one that was is not known. */
interface UnreadNotice {
  readonly type: 'unread';
  readonly cause: unknown;
}

export type WorkerNotice =
  | StartedNotice | ProgressNotice | AnswerNotice | UnknownTextNotice | SheetNotice | ReadyNotice | LeftoverNotice | FatalNotice
  | EndHooksNotice | WarningNotice | UnreadNotice;

/** Worker to pool, when all tasks of a batch have been run or taken back. */
export interface BatchDone {
  readonly type: 'done';
  readonly memory?: number | undefined;
}
