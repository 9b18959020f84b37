import type { Transferable } from 'node:worker_threads';

import type { WireStores } from '../context/carrier.ts';
import type { TaskRecord } from '../task/registry.ts';
import type { EncodedThrow } from '../wire/errors.ts';
import type { Path } from '../wire/places.ts';
import { rejectWith } from './outcome.ts';
import type { Queued } from './queue.ts';
import type { Slot } from './slot.ts';

/** How a call ended. A refusal is made where the caller waits, so that its stack leads there. */
export type Outcome =
  | { readonly type: 'returned'; readonly value: unknown }
  | { readonly type: 'threw'; readonly thrown: EncodedThrow }
  | { readonly type: 'refused'; readonly reason: () => unknown };

/** What a call brings, checked and encoded at the moment it was made. */
export interface CallInput {
  readonly id: number;
  readonly task: TaskRecord;
  readonly args: readonly unknown[];
  readonly buffers: readonly Path[] | undefined;
  readonly stores: WireStores | undefined;
  readonly transfer: readonly Transferable[] | undefined;
  readonly priority: number;
  /** Ms of running. */
  readonly timeout: number | undefined;
  /** Epoch ms. */
  readonly deadline: number | undefined;
  readonly onProgress: ((value: unknown) => void) | undefined;
}

/** One call of a task, from `run()` until it has settled. */
export class Call implements Queued {
  readonly input: CallInput;
  readonly priority: number;
  /** What the caller awaits. */
  readonly result: Promise<unknown>;
  readonly calledAt = performance.now();
  dispatchedAt = 0;
  /** Where it was sent, and at which place of a batch. */
  slot: Slot | undefined;
  place = 0;
  isInBatch = false;
  /** It was in a batch that could not be cloned. */
  travelsAlone = false;
  state: 'waiting' | 'running' | 'settled' = 'waiting';
  next: Queued | undefined;
  previous: Queued | undefined;
  isQueued = false;
  timeoutTimer: NodeJS.Timeout | undefined;
  /** What to do when the worker says that it has called the task's function. */
  onStarted: (() => void) | undefined;
  /** Undoes what the call has hooked up elsewhere. */
  release: (() => void) | undefined;
  #resolve!: (value: unknown) => void;

  constructor(input: CallInput) {
    this.input = input;
    this.priority = input.priority;
    this.result = new Promise((resolve) => { this.#resolve = resolve; });
  }

  /** It was sent, was not started, and waits again. */
  takenBack(): void {
    clearTimeout(this.timeoutTimer);
    this.state = 'waiting';
    this.slot = undefined;
  }

  /** The first time counts; says whether this was it. */
  settle(outcome: Outcome): boolean {
    if (this.state === 'settled') return false;
    this.state = 'settled';
    clearTimeout(this.timeoutTimer);
    this.release?.();
    this.#resolve(outcome.type === 'returned' ? outcome.value : rejectWith(outcome, this.input.task));
    return true;
  }
}
