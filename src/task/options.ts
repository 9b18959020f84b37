import type { Transferable } from 'node:worker_threads';

import type { Carrier } from '../context/carrier-reader.ts';
import { checkOptions, rules, type Rule } from '../validation/options.ts';
import type { ErrorClass } from '../wire/errors/error-repairs.ts';

export interface OffloadOptions {
  /** Default: the function's own name. Unique in its module. */
  name?: string;
  /** How long a call may run, in ms, unless the call says otherwise. Default: the pool's. */
  timeout?: number;
  /** Waiting calls of a larger priority run first. Default 0. */
  priority?: number;
  /**
   * How long a run is expected to take, in ms, until runs have shown it: light calls then never wait for the first heavy ones. A function
   * of the arguments also tells calls apart that have arguments of the same size. Default: learned from the runs, by the size of
   * the arguments.
   */
  expected?: number | ((...args: any[]) => number);
  /** Error classes that arrive as themselves though the module does not export them. */
  errors?: readonly ErrorClass[];
}

export interface RunOptions {
  /** Rejects with the signal's reason; a waiting call is never started, and the task of a running call is told to stop. */
  signal?: AbortSignal;
  /** How long the task may run, in ms, from when it starts in its worker. */
  timeout?: number;
  /** When the call must be done, in epoch ms; the nearer of this and `withDeadline` holds. */
  deadline?: number;
  /** Waiting calls of a larger priority run first. Default 0. */
  priority?: number;
  /** Objects that are transferred instead of copied: they cannot be used here afterwards. */
  transfer?: readonly Transferable[];
  /** Default 'inherit': the stores that are set at the call. 'none': no store. A carrier: its stores. */
  context?: 'inherit' | 'none' | Carrier;
  /** Called with each value that the task passes to `currentTask().progress()`, in order, before the call settles. */
  onProgress?(value: unknown): void;
}

/** The rules for `checkOptions()`; a new option is added to its interface above and to its table. */
const offloadTable: Readonly<Record<keyof OffloadOptions, Rule>> = {
  name: rules.name,
  timeout: rules.positiveMs,
  priority: rules.finite,
  expected: { is: (v) => (rules.ms.is(v) && rules.finite.is(v)) || rules.callback.is(v), expected: 'a finite number of milliseconds, 0 or more, or a function of the arguments' },
  errors: rules.errorClasses,
};

export const runTable: Readonly<Record<keyof RunOptions, Rule>> = {
  signal: rules.signal,
  timeout: rules.positiveMs,
  deadline: rules.finite,
  priority: rules.finite,
  transfer: rules.list,
  context: { is: (v) => v === 'inherit' || v === 'none' || rules.record.is(v), expected: "'inherit', 'none' or a carrier", isSecret: mayHoldStores },
  onProgress: rules.callback,
};

/** Anything but a word may be a carrier that was not parsed, which holds sensitive stores in clear text: an error does not show it. */
function mayHoldStores(context: unknown): boolean {
  return typeof context !== 'string' || !/^\w*$/.test(context);
}

/** @throws OptionError (OFFLOOP_OPTION) */
export function checkOffloadOptions(options: OffloadOptions): OffloadOptions {
  return checkOptions<OffloadOptions>('offload()', options, offloadTable);
}

/** @throws OptionError (OFFLOOP_OPTION) */
export function checkRunOptions(call: string, options: RunOptions): RunOptions {
  return checkOptions<RunOptions>(call, options, runTable);
}
