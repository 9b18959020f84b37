import { now } from '../../node/clock.ts';
import type { CallStores } from '../../context/call-stores.ts';
import type { TaskRecord } from '../../task/registry.ts';
import type { AbortKind } from '../../wire/messages/requests.ts';
import type { CpuAccount } from '../cpu/account.ts';
import type { Learned } from '../learned/learned.ts';
import type { Waits } from '../learned/recent-waits.ts';
import type { Queued } from '../queue/lanes.ts';
import { chargeFor, type SharingItem, type Turn } from '../queue/turns.ts';
import type { CallExtras } from './extras.ts';
import { rejectWith, type Failure } from './rejection.ts';

/** Stands for the number of calls ahead where the call's wait tells nothing about the queue. */
const NO_WAIT = -1;

/** The worker that has a call, as seen by code that cancels the call. */
export interface CallHolder {
  /** Whether the call is in the worker's current message and has no response yet. */
  holds(call: Call): boolean;
  /** Learns that such calls take longer than this one has taken until now. Call this when the call will have no response, before it fails. */
  learnFromLost(call: Call): void;
  /** Takes back a call of a batch, which then never starts. @returns false where the call may have started, or is in no batch */
  takeBack(call: Call): boolean;
  /** When the worker had started, and had loaded what its last call needed: an instant of `now()`, Infinity before that. */
  readonly warmSince: number;
  /** Sends the call's task an abort. */
  sendAbort(call: Call, kind: AbortKind): void;
}

/**
 * One call of a task, from its creation until it has settled. Its arguments and its context are checked and encoded before.
 *
 * Many calls may wait, and most take a microsecond of this thread's time: so the constructor sets every field once, and
 * `declare` keeps the compiler from initialising the fields before that.
 */
export abstract class Call implements SharingItem {
  declare readonly id: number;
  declare readonly task: TaskRecord;
  declare readonly args: readonly unknown[];
  declare readonly stores: CallStores | undefined;
  declare readonly priority: number;
  declare readonly extras: CallExtras | undefined;
  /** The knowledge about runs like this one. */
  declare readonly learned: Learned;
  /** The account to which the call's CPU time is added. */
  declare account: CpuAccount;
  declare readonly lane: number;
  declare readonly turn: Turn | undefined;
  declare readonly calledAt: number;
  /** The waits of calls like this one, and how many of them waited when this one came; `NO_WAIT` where its own wait tells nothing. */
  declare waits: Waits | undefined;
  declare ahead: number;
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

  constructor(
    id: number,
    task: TaskRecord,
    learned: Learned,
    lane: number,
    turn: Turn | undefined,
    args: readonly unknown[],
    stores: CallStores | undefined,
    priority: number,
    extras: CallExtras | undefined,
  ) {
    this.id = id;
    this.task = task;
    this.learned = learned;
    this.account = learned.timings.cpu.account;
    this.lane = lane;
    this.turn = turn;
    this.args = args;
    this.stores = stores;
    this.priority = priority;
    this.extras = extras;
    this.calledAt = now();
    this.waits = undefined;
    this.ahead = 0;
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

  /** Call this when the call is about to enter the queue. @param startsAtOnce whether a worker is free for it */
  markQueued(waits: Waits, startsAtOnce: boolean): void {
    const ahead = waits.enter();
    this.waits = waits;
    this.ahead = startsAtOnce ? NO_WAIT : ahead;
  }

  /** Call this when the call is in a message for the worker. */
  markSent(worker: CallHolder, place: number, at: number): void {
    this.state = 'running';
    this.waits?.leave();
    // The calls of a batch have waited for about as long as its first one.
    if (place === 0) this.#recordWait(worker.warmSince, at);
    this.worker = worker;
    this.place = place;
    if (this.extras?.traced !== undefined) this.extras.traced.waitMs = at - this.calledAt;
  }

  /** Call this when a call that was sent, but not started, goes back to the queue. */
  markWaiting(): void {
    this.extras?.timeoutTimer?.cancel();
    this.refundCharge();
    if (this.extras?.traced !== undefined) this.extras.traced.waitMs = undefined;
    this.state = 'waiting';
    this.waits?.enter();
    // The call has waited for a worker that did not run it.
    this.ahead = NO_WAIT;
    this.worker = undefined;
  }

  /** Times are in ms. @param at when the response was read, an instant of `now()` */
  recordTimings(waitMs: number, runMs: number, at: number): void {
    const { calledAt, extras, learned } = this;
    if (extras?.traced !== undefined) Object.assign(extras.traced, { waitMs, runMs });
    // A call that was given up has been learned before, with the time that its run had taken by then.
    if (this.state !== 'settled') learned.add(runMs);
    learned.timings.record(waitMs, runMs, at - calledAt - waitMs - runMs);
    this.turn?.correct(chargeFor(runMs));
  }

  /** Call this when the call's worker was ended while its task ran. @param runMs how long it may have run */
  chargeLost(runMs: number): void {
    this.turn?.correct(chargeFor(runMs));
  }

  /** Call this when a call that was sent has not been started, and will not be. */
  refundCharge(): void {
    this.turn?.correct(0);
  }

  /** Settles the call. Only the first call of `fulfil()` or `fail()` has an effect. */
  fulfil(value: unknown): void {
    if (!this.#end()) return;
    this.learned.timings.count++;
    this.notifyCaller(value, undefined);
  }

  fail(failure: Failure): void {
    if (!this.#end()) return;
    this.learned.timings.count++;
    this.learned.timings.failed++;
    this.notifyCaller(undefined, failure);
  }

  /** A wait for a worker's start, or for a module, says nothing about the next wait. */
  #recordWait(warmSince: number, at: number): void {
    if (this.ahead !== NO_WAIT && warmSince !== Infinity) this.waits?.record(at - Math.max(this.calledAt, warmSince), this.ahead, at);
  }

  #end(): boolean {
    if (this.state === 'settled') return false;
    if (this.state === 'waiting') this.waits?.leave();
    this.state = 'settled';
    if (this.extras !== undefined) {
      this.extras.timeoutTimer?.cancel();
      this.extras.release?.();
    }
    return true;
  }
}

/** A call whose caller awaits a promise. It has no constructor of its own: passing nine parameters on takes as long as making the promise. */
export class PromisedCall extends Call {
  declare private resolve: (value: unknown) => void;
  readonly result = new Promise<unknown>((resolve) => { this.resolve = resolve; });

  protected notifyCaller(value: unknown, failure: Failure | undefined): void {
    this.resolve(failure === undefined ? value : rejectWith(failure, this.task));
  }
}
