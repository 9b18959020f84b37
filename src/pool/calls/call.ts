import { AsyncResource } from 'node:async_hooks';
import type { Transferable } from 'node:worker_threads';

import { now } from '../../node/clock.ts';
import type { CallStores } from '../../context/call-stores.ts';
import type { TaskRecord } from '../../task/registry.ts';
import type { Timer } from '../../node/limit-clock.ts';
import type { ProgressNotice } from '../../wire/messages/notices.ts';
import type { AbortKind } from '../../wire/messages/requests.ts';
import type { Newest } from '../../wire/newest-values.ts';
import type { Repairs } from '../../wire/values/repairs.ts';
import { rejectWith, type Failure } from './rejection.ts';
import type { Queued } from './queue.ts';
import type { TaskTimings } from './stats.ts';
import type { TracedCall } from './trace.ts';

/** The worker that has been sent a call, as those who cancel the call need it. */
export interface CallHolder {
  /** Whether the call is in the worker's message, and has no response. */
  holds(call: Call): boolean;
  /** Takes back a call of a batch, which then never starts. @returns false where the call may have started, or is in no batch */
  takeBack(call: Call): boolean;
  /** Tells the call's task to stop. */
  sendAbort(call: Call, kind: AbortKind): void;
}

/** What few calls have: tens of thousands may wait, and each takes its memory. */
export interface CallExtras {
  readonly repairs: Repairs | undefined;
  readonly transfer: readonly Transferable[] | undefined;
  /** Ms of running. */
  readonly timeout: number | undefined;
  /** Epoch ms, as the caller has said it. */
  readonly deadline: number | undefined;
  /** The same as an instant of the pool's clock. */
  readonly due: number | undefined;
  readonly onProgress: ((value: unknown) => void) | undefined;
  /** What it has not been told yet. */
  reports: Newest<ProgressNotice> | undefined;
  /** While somebody traces the calls. */
  readonly traced: TracedCall | undefined;
  timeoutTimer: Timer | undefined;
  /** Settles when what the task has sent so far has been handed on; undefined where that was done at once. */
  turn: Promise<void> | undefined;
  /** What to do when the worker says that it has called the task's function. */
  onStarted: (() => void) | undefined;
  /** Undoes what the call has hooked up elsewhere. */
  release: (() => void) | undefined;
}

/** Undefined where there is nothing: most calls have none of it. A signal needs them too, to be let go of. */
export function extrasOf(
  repairs: CallExtras['repairs'],
  transfer: CallExtras['transfer'],
  timeout: number | undefined,
  deadline: number | undefined,
  due: number | undefined,
  onProgress: CallExtras['onProgress'],
  signal: AbortSignal | undefined,
  traced: TracedCall | undefined,
): CallExtras | undefined {
  const isNone = repairs === undefined && transfer === undefined && timeout === undefined && deadline === undefined;
  if (isNone && onProgress === undefined && signal === undefined && traced === undefined) return undefined;
  return {
    repairs,
    transfer,
    timeout,
    deadline,
    due,
    // The listener belongs to the caller, and so does the context it runs in.
    onProgress: onProgress && AsyncResource.bind(onProgress),
    reports: undefined,
    traced,
    timeoutTimer: undefined,
    turn: undefined,
    onStarted: undefined,
    release: undefined,
  };
}

/**
 * One call of a task, from the moment it was made until it has settled. What it brings has been checked and encoded by then.
 *
 * Many may wait, and most are over in a microsecond of this thread's time: so every field is set once, by its constructor,
 * and `declare` keeps the compiler from setting them before that.
 */
export abstract class Call implements Queued {
  declare readonly id: number;
  declare readonly task: TaskRecord;
  declare readonly timings: TaskTimings;
  declare readonly args: readonly unknown[];
  declare readonly stores: CallStores | undefined;
  declare readonly priority: number;
  declare readonly extras: CallExtras | undefined;
  declare readonly calledAt: number;
  /** The worker that it was sent to, and its place in the message. */
  declare worker: CallHolder | undefined;
  declare place: number;
  /** It was in a batch that could not be cloned. */
  declare travelsAlone: boolean;
  declare state: 'waiting' | 'running' | 'settled';
  declare next: Queued | undefined;
  declare previous: Queued | undefined;
  declare isQueued: boolean;
  declare isBack: boolean;

  constructor(id: number, task: TaskRecord, figures: TaskTimings, args: readonly unknown[], stores: CallStores | undefined, priority: number, extras: CallExtras | undefined) {
    this.id = id;
    this.task = task;
    this.timings = figures;
    this.args = args;
    this.stores = stores;
    this.priority = priority;
    this.extras = extras;
    this.calledAt = now();
    this.worker = undefined;
    this.place = 0;
    this.travelsAlone = false;
    this.state = 'waiting';
    this.next = undefined;
    this.previous = undefined;
    this.isQueued = false;
    this.isBack = false;
  }

  /** Tells whoever has called. */
  protected abstract settled(value: unknown, failure: Failure | undefined): void;

  /** It is in a message for this worker. */
  sentTo(worker: CallHolder, place: number, at: number): void {
    this.state = 'running';
    this.worker = worker;
    this.place = place;
    if (this.extras?.traced !== undefined) this.extras.traced.waitMs = at - this.calledAt;
  }

  /** It was sent, was not started, and waits again. */
  takenBack(): void {
    this.extras?.timeoutTimer?.cancel();
    if (this.extras?.traced !== undefined) this.extras.traced.waitMs = undefined;
    this.state = 'waiting';
    this.worker = undefined;
  }

  /** All in ms, but `at`, an instant of `now()`: when the response was read. */
  recordTimings(waitMs: number, runMs: number, at: number): void {
    const { calledAt, extras } = this;
    if (extras?.traced !== undefined) Object.assign(extras.traced, { waitMs, runMs });
    this.timings.record(waitMs, runMs, at - calledAt - waitMs - runMs);
  }

  /** The first time counts, here as in `fail`. */
  fulfil(value: unknown): void {
    if (!this.#end()) return;
    this.timings.count++;
    this.settled(value, undefined);
  }

  fail(failure: Failure): void {
    if (!this.#end()) return;
    this.timings.count++;
    this.timings.failed++;
    this.settled(undefined, failure);
  }

  #end(): boolean {
    if (this.state === 'settled') return false;
    this.state = 'settled';
    if (this.extras !== undefined) {
      this.extras.timeoutTimer?.cancel();
      this.extras.release?.();
    }
    return true;
  }
}

/** A call whose caller awaits a promise. */
export class PromisedCall extends Call {
  declare readonly result: Promise<unknown>;
  declare private resolve: (value: unknown) => void;

  constructor(...parts: ConstructorParameters<typeof Call>) {
    super(...parts);
    this.result = new Promise((resolve) => { this.resolve = resolve; });
  }

  protected settled(value: unknown, failure: Failure | undefined): void {
    this.resolve(failure === undefined ? value : rejectWith(failure, this.task));
  }
}
