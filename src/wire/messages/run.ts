import type { Repairs } from '../values/repairs.ts';
import type { WorkerSetup } from './setup.ts';

/** Run one call. */
export interface RunMessage {
  readonly type: 'run';
  readonly id: number;
  /** The task's number at this worker; a number is never given to a second task. */
  readonly task: number;
  /** The task that the number stands for. Sent until the worker has answered once. */
  readonly declares?: TaskAddress | undefined;
  readonly args: readonly unknown[];
  /** How the worker undoes what structured clone does to `args`. */
  readonly repairs?: Repairs | undefined;
  /** Carried stores: name, JSON text, name, JSON text … */
  readonly stores?: readonly string[] | undefined;
  /** Modules to load first, since they declare stores that are new to this worker. */
  readonly declaredIn?: readonly string[] | undefined;
  /** Epoch ms, by the caller's clock. */
  readonly deadline?: number | undefined;
  /** The deadline as an instant of the host's clock: the worker's `Date` may differ from the caller's. */
  readonly due?: number | undefined;
  /** Send a notice when the task starts: its timeout counts from there, and not from when its module began to load. */
  readonly sayWhenStarted?: true | undefined;
  /** Only in the first message to a worker. */
  readonly setup?: WorkerSetup | undefined;
}

/** How both sides find the same function. */
export interface TaskAddress {
  /** The `file:` URL of the task's module. */
  readonly module: string;
  readonly name: string;
}
