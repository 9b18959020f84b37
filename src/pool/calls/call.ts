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
import type { Queued } from '../queue/task-queue.ts';
import type { TaskTimings } from './stats.ts';
import type { TracedCall } from './trace.ts';

/** The worker that has a call, as seen by code that cancels the call. */
export interface CallHolder {
  /** Whether the call is in the worker's current message and has no response yet. */
  holds(call: Call): boolean;
  /** Takes back a call of a batch, which then never starts. @returns false where the call may have started, or is in no batch */
  takeBack(call: Call): boolean;
  /** Sends the call's task an abort. */
  sendAbort(call: Call, kind: AbortKind): void;
}

/** Rarely needed properties of a call, kept apart to save memory: tens of thousands of calls may wait. */
export interface CallExtras {
  readonly repairs: Repairs | undefined;
  readonly transfer: readonly Transferable[] | undefined;
  /** How long the task may run, in ms. */
  readonly timeout: number | undefined;
  /** Epoch ms, as the caller has set it. */
  readonly deadline: number | undefined;
  /** The deadline as an instant of the pool's clock. */
  readonly due: number | undefined;
  readonly onProgress: ((value: unknown) => void) | undefined;
  /** Progress values that have not been delivered. */
  pendingProgress: Newest<ProgressNotice> | undefined;
  /** Defined while calls are traced. */
  readonly traced: TracedCall | undefined;
  timeoutTimer: Timer | undefined;
  /** Settles when everything that the task has sent so far is delivered; undefined where it was delivered at once. */
  lastDelivery: Promise<void> | undefined;
  /** Called when the worker reports that it has called the task's function. */
  onStarted: (() => void) | undefined;
  /** Removes the call's abort listener and deadline timer. */
  release: (() => void) | undefined;
}

/** Returns undefined where there are none, as for most calls. A call with a signal has extras too, for its `release`. */
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
  const isPlain = repairs === undefined && transfer === undefined && timeout === undefined && deadline === undefined;
  if (isPlain && onProgress === undefined && signal === undefined && traced === undefined) return undefined;
  return {
    repairs,
    transfer,
    timeout,
    deadline,
    due,
    // The listener belongs to the caller and runs in the caller's context.
    onProgress: onProgress && AsyncResource.bind(onProgress),
    pendingProgress: undefined,
    traced,
    timeoutTimer: undefined,
    lastDelivery: undefined,
    onStarted: undefined,
    release: undefined,
  };
}

/**
 * One call of a task, from its creation until it has settled. Its arguments and its context are checked and encoded before.
 *
 * Many calls may wait, and most take a microsecond of this thread's time: so the constructor sets every field once, and
 * `declare` keeps the compiler from initialising the fields before that.
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
  /** The worker that has the call, and the call's place in the message. */
  declare worker: CallHolder | undefined;
  declare place: number;
  /** Whether the call is sent in a message of its own, because it could not be sent or read as part of a batch. */
  declare travelsAlone: boolean;
  declare state: 'waiting' | 'running' | 'settled';
  declare next: Queued | undefined;
  declare previous: Queued | undefined;
  declare isQueued: boolean;
  declare isRequeued: boolean;

  constructor(id: number, task: TaskRecord, timings: TaskTimings, args: readonly unknown[], stores: CallStores | undefined, priority: number, extras: CallExtras | undefined) {
    this.id = id;
    this.task = task;
    this.timings = timings;
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
    this.isRequeued = false;
  }

  protected abstract notifyCaller(value: unknown, failure: Failure | undefined): void;

  /** Call this when the call is in a message for the worker. */
  markSent(worker: CallHolder, place: number, at: number): void {
    this.state = 'running';
    this.worker = worker;
    this.place = place;
    if (this.extras?.traced !== undefined) this.extras.traced.waitMs = at - this.calledAt;
  }

  /** Call this when a call that was sent, but not started, goes back to the queue. */
  markWaiting(): void {
    this.extras?.timeoutTimer?.cancel();
    if (this.extras?.traced !== undefined) this.extras.traced.waitMs = undefined;
    this.state = 'waiting';
    this.worker = undefined;
  }

  /** Times are in ms. @param at when the response was read, an instant of `now()` */
  recordTimings(waitMs: number, runMs: number, at: number): void {
    const { calledAt, extras } = this;
    if (extras?.traced !== undefined) Object.assign(extras.traced, { waitMs, runMs });
    this.timings.record(waitMs, runMs, at - calledAt - waitMs - runMs);
  }

  /** Settles the call. Only the first call of `fulfil()` or `fail()` has an effect. */
  fulfil(value: unknown): void {
    if (!this.#end()) return;
    this.timings.count++;
    this.notifyCaller(value, undefined);
  }

  fail(failure: Failure): void {
    if (!this.#end()) return;
    this.timings.count++;
    this.timings.failed++;
    this.notifyCaller(undefined, failure);
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

  protected notifyCaller(value: unknown, failure: Failure | undefined): void {
    this.resolve(failure === undefined ? value : rejectWith(failure, this.task));
  }
}
