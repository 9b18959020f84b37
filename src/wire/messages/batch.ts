import type { Repairs } from '../values/repairs.ts';

/**
 * Several calls of tasks that the worker has run before, column by column: to clone an object for each call would take longer than
 * many a task runs.
 */
export interface Batch {
  /** Counts the batches of this worker. Batch results with another number belong to another batch. */
  readonly number: number;
  /** The ids of the calls; where they are consecutive, only the first one. */
  readonly ids: readonly number[] | number;
  /** The number of each call's task at this worker; one number where it is the same for all calls. */
  readonly tasks: readonly number[] | number;
  /** The arguments of all calls, one call after the other. */
  readonly args: readonly unknown[];
  /** How many arguments each call has; one number where it is the same for all calls. */
  readonly arity: readonly number[] | number;
  readonly size: number;
  readonly stores?: BatchStores;
  /**
   * Write the CPU time of each call into the batch results, since the calls belong to several accounts. The time is read after this
   * much run time, in ms, and then divided; 0: after each call.
   */
  readonly cpuEveryMs?: number;
  /** By the place of the call in the batch. */
  readonly extras?: Readonly<Record<number, BatchExtras>>;
}

/**
 * The carried stores of a batch. Equal parts are sent once: requests differ in the texts of their stores, seldom in which stores they
 * carry. Texts that the worker does not keep are joined into one, since cloning one string per text costs more than its letters.
 */
export interface BatchStores {
  /** Lists of store names that occur together. */
  readonly layouts: readonly (readonly string[])[];
  /** The layout of each call, -1 for a call without stores; one number where it is the same for all calls. */
  readonly layoutOf: readonly number[] | number;
  /** The number of each store's text (see `KeptTexts`), or SAME_TEXT, call after call. */
  readonly numbers: Float64Array;
  /** Texts that the worker is to keep, in the order in which they are needed, and the number of each. */
  readonly keep: readonly string[];
  readonly keepNumbers: readonly number[];
  /** The texts without a number, joined, and where each of them ends. */
  readonly text: string;
  readonly ends: readonly number[];
}

/** Stands for the text of the store at the same place in the call before, among the calls that have stores. */
export const SAME_TEXT = -1;

/** Properties that only few calls have. */
export interface BatchExtras {
  /** How the worker undoes what structured clone does to the arguments. */
  readonly repairs?: Repairs | undefined;
  /** Epoch ms, by the caller's clock. */
  readonly deadline?: number | undefined;
  /** The deadline as an instant of the host's clock: the worker's `Date` may differ from the caller's. */
  readonly due?: number | undefined;
  /** Send a notice when the task starts: its timeout counts from there, and not from when its module began to load. */
  readonly sayWhenStarted?: true | undefined;
}
