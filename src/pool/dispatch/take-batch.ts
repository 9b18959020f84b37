import { SharedObjectGuard } from '../../wire/shared-objects.ts';
import type { Call } from '../calls/call.ts';
import type { Accept } from '../queue/lanes.ts';
import type { TaskQueue } from '../queue/task-queue.ts';
import type { WorkerKnowledge } from '../workers/worker-knowledge.ts';

/**
 * Prefetch limits for long tasks: at most 8 calls or 40 ms of work, so that a worker never waits for its next message. Two workers and 16
 * callers run 3.6 % more tasks of 2 ms a second with it, 2.8 % more tasks of 5 ms, and no more tasks of 20 ms (medians of 9 pairs).
 */
const MAX_PREFETCHED = 8;
const MAX_PREFETCHED_MS = 40;

/** The charge to a share for a call about which nothing is known yet, in ms. */
const UNKNOWN_MS = 1;

export interface BatchLimits {
  /** Ms of estimated work in one message. */
  readonly budget: number;
  readonly size: number;
  /** How many workers there are to share the waiting calls. */
  readonly workers: number;
  /** The knowledge of the worker that gets the batch. */
  readonly knowledge: WorkerKnowledge;
  /** Whether a few long calls may be sent before the worker is free for them. */
  readonly mayPrefetch: boolean;
}

/** Which waiting calls may be sent now. */
export interface Choice {
  /** Undefined: all of them, in their order. */
  readonly accept: Accept | undefined;
  /** Calls of a lower priority may not. */
  readonly atLeast?: number;
}

/**
 * Takes the calls for one message from the queue: the first call, and as many of the calls behind it as are expected to fit
 * into the budget together. Where all workers have enough to do, a few long calls are prefetched, and taken back when another
 * worker has nothing left to do. A call without an estimate travels alone. The order of the queue is kept.
 */
export function takeBatch(queue: TaskQueue<Call>, choice: Choice, { budget, size, workers, knowledge, mayPrefetch }: BatchLimits): Call[] {
  const first = nextIn(queue, choice);
  if (first === undefined) return [];
  take(first, queue);
  const batch = [first];
  if (size <= 1) return batch;
  const guard = new SharedObjectGuard();
  const cost = costOf(first, knowledge, guard);
  const isPrefetch = mayPrefetch && cost >= budget && cost < MAX_PREFETCHED_MS;
  const maxSize = isPrefetch ? Math.min(MAX_PREFETCHED, size, Math.floor(queue.size / workers)) : size;
  let leftMs = (isPrefetch ? MAX_PREFETCHED_MS : budget) - cost;
  for (let next = nextIn(queue, choice); leftMs > 0 && next !== undefined && batch.length < maxSize; next = nextIn(queue, choice)) {
    const nextCost = costOf(next, knowledge, guard);
    // A getter in the arguments may have caused the call to be sent to another worker, or cancelled.
    if (!next.isQueued) continue;
    leftMs -= nextCost;
    if (leftMs < 0) break;
    take(next, queue);
    batch.push(next);
  }
  // The same may have happened to calls that are in the batch already.
  return batch.every(isWaiting) ? batch : withoutCancelled(batch);
}

/** These calls have been charged to their keys, and will not run. */
function withoutCancelled(batch: readonly Call[]): Call[] {
  for (const call of batch) if (!isWaiting(call)) call.refundCharge();
  return batch.filter(isWaiting);
}

function nextIn(queue: TaskQueue<Call>, { accept, atLeast }: Choice): Call | undefined {
  return accept === undefined ? queue.first : queue.find(accept, atLeast);
}

function take(call: Call, queue: TaskQueue<Call>): void {
  if (queue.hasTurns) queue.take(call, call.learned.expected ?? UNKNOWN_MS);
  else queue.remove(call);
}

function isWaiting({ state }: Call): boolean {
  return state === 'waiting';
}

/**
 * Ms of estimated work. Infinity where the call has to travel alone: its transferred values cannot be sent a second time, or a
 * batch with this call could not be cloned and the failing call has to be found, or an object of its arguments is in the batch
 * already.
 */
function costOf(call: Call, knowledge: WorkerKnowledge, guard: SharedObjectGuard): number {
  const mayShare = call.extras?.transfer === undefined && !call.travelsAlone && knowledge.covers(call);
  return mayShare && sharesNothing(call, guard) ? call.learned.mean : Infinity;
}

function sharesNothing({ args, extras }: Call, guard: SharedObjectGuard): boolean {
  try {
    return guard.addAll(extras?.repairs === undefined ? args : [...args, extras.repairs]);
  } catch {
    // A getter of the argument list throws; cloning will report its error.
    return false;
  }
}
