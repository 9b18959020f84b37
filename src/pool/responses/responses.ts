import { now } from '../../node/clock.ts';
import type { RunResponse } from '../../wire/messages/responses.ts';
import { ownOnly } from '../../wire/own-only.ts';
import { repaired } from '../../wire/values/repairs.ts';
import type { Call } from '../calls/call.ts';
import { deliverInOrder } from '../calls/delivery-order.ts';
import { deliverAll } from '../calls/progress.ts';
import { Unread, unreadError } from '../engines/unread.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';

/*
 * Reads the responses of workers: settles, times and counts their calls.
 */

/** Settles a call of the worker's current message with its response. A response that is wrong in any way fails this call, and nothing else. */
export function respond(worker: PoolWorker, call: Call, response: RunResponse, waitedMs: number): void {
  if (!worker.holds(call)) return;
  try {
    settle(worker, call, ownOnly(response), waitedMs);
  } catch (cause) {
    const unread = new Unread('here', cause);
    if (worker.holds(call)) completeUnread(worker, call, unread);
    failUnread(call, unread);
  }
}

function settle(worker: PoolWorker, call: Call, response: RunResponse, waitedMs: number): void {
  worker.knowledge.add(call, response.type === 'returned');
  worker.memory = response.memory ?? 0;
  worker.silence.restart();
  worker.complete(call);
  if (call.extras?.traced !== undefined) call.extras.traced.cpuMs = worker.message.isBatch ? worker.engine.batches?.results.cpuMs(call.place) : response.cpuMs;
  const runMs = Number.isFinite(response.runMs) ? response.runMs : 0;
  worker.markWarm(runMs);
  call.recordTimings(worker.message.sentAt - call.calledAt + waitedMs, runMs, now());
  deliverAll(call);
  if (response.type === 'threw') {
    if (response.hasNotLoaded === true) worker.recycle('module');
    deliverInOrder(call, undefined, () => { call.fail(response); });
  } else deliverInOrder(call, response.repairs, (classes) => { call.fulfil(repaired(response.value, response.repairs, classes)); });
}

/** Fails the calls that will have no response. Call this when everything that has arrived was read. */
export function failPending(worker: PoolWorker, unread: Unread): void {
  for (const call of worker.message.pendingCalls()) {
    completeUnread(worker, call, unread);
    deliverAll(call);
    failUnread(call, unread);
  }
}

/** How long the call has run is not known: it has had a part of the time that its message took. */
function completeUnread(worker: PoolWorker, call: Call, { where }: Unread): void {
  const { sentAt, calls } = worker.message;
  worker.complete(call);
  if (where === 'there') call.refundCharge();
  else call.chargeLost((now() - sentAt) / calls.length);
}

export function failUnread(call: Call, unread: Unread): void {
  call.fail({ type: 'refused', reason: () => unreadError(call.task.name, unread) });
}
