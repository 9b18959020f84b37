import { now } from '../../node/clock.ts';
import { errorText } from '../../validation/describe.ts';
import { emitOnce } from '../../task/end-hooks.ts';
import { repaired } from '../../wire/values/repairs.ts';
import { ownOnly } from '../../wire/own-only.ts';
import type { RunResponse } from '../../wire/messages/responses.ts';
import type { WorkerNotice } from '../../wire/messages/notices.ts';
import type { BatchResults } from '../../wire/batch-results.ts';
import type { Call } from '../calls/call.ts';
import { inTurn } from '../calls/delivery-order.ts';
import { deliverAll, progressUnread, reported } from '../calls/progress.ts';
import { remember, type PoolWorker } from './pool-worker.ts';
import { Unread, unreadError } from '../engines/unread.ts';

/*
 * What a worker has to say of its calls: they are settled, timed and counted here.
 */

/** The answer to a call that the worker was sent last. Whatever is wrong with it is the error of this call, and of nobody else. */
export function answered(slot: PoolWorker, call: Call, response: RunResponse, waitedMs: number): void {
  if (slot.calls[call.place] !== call) return;
  try {
    takeAnswer(slot, call, ownOnly(response), waitedMs);
  } catch (cause) {
    slot.calls[call.place] = undefined;
    call.fail({ type: 'refused', reason: () => unreadError(call.task.name, new Unread('here', cause)) });
  }
}

function takeAnswer(slot: PoolWorker, call: Call, response: RunResponse, waitedMs: number): void {
  remember(call, slot, response.type === 'returned');
  slot.memory = response.memory ?? 0;
  slot.heardAt = now();
  finishCall(slot, call);
  record(call, response.runMs, slot.sentAt - call.calledAt + waitedMs, slot.heardAt);
  deliverAll(call);
  if (response.type === 'threw') {
    if (response.hasNotLoaded === true) slot.isSpoiled ??= 'module';
    inTurn(call, undefined, () => { call.fail(response); });
  } else inTurn(call, response.repairs, (classes) => { call.fulfil(repaired(response.value, response.repairs, classes)); });
}

/** All that the worker has answered so far. */
export function readAnswers(slot: PoolWorker): void {
  slot.worker.flushNotices();
  settleAll(takeAnswers(slot));
}

/** No answer will come to what has not been answered yet; to be called once all that has come was read. */
export function endUnanswered(slot: PoolWorker, unread: Unread): void {
  for (const call of callsOf(slot)) {
    finishCall(slot, call);
    deliverAll(call);
    call.fail({ type: 'refused', reason: () => unreadError(call.task.name, unread) });
  }
}

/** The worker says that it is done with all that it was sent. */
export function endBatch(slot: PoolWorker): void {
  const { unread } = slot;
  slot.unread = undefined;
  const calls = callsOf(slot);
  if (calls.length > 0) endUnanswered(slot, new Unread('here', unread === undefined ? new Error('no answer has come') : unread.cause));
  else if (unread !== undefined) warnOfUnread(unread.cause);
}

/** Calls that have been answered, and whose callers have not been told. */
export interface Answers {
  readonly calls: Call[];
  readonly values: unknown[];
  readonly runs: number[];
  readonly waits: number[];
}

/** Takes what stands on the sheet, so that the worker can be sent the next batch before the callers are told. */
export function takeAnswers(slot: PoolWorker): Answers {
  const answers: Answers = { calls: [], values: [], runs: [], waits: [] };
  const { calls, isBatch, sentAt, worker: { batches } } = slot;
  if (!isBatch || batches === undefined) return answers;
  const { results: sheet } = batches;
  let turnAt = sentAt;
  for (let place = 0; place < calls.length; place++) {
    if (!sheet.isDone(place)) continue;
    const call = calls[place];
    const runMs = sheet.runMs(place);
    if (call !== undefined) {
      answers.calls.push(call);
      answers.values.push(valueAt(sheet, place));
      answers.runs.push(runMs);
      answers.waits.push(turnAt - call.calledAt);
      finishCall(slot, call);
    }
    turnAt += runMs;
  }
  if (answers.calls.length > 0) slot.heardAt = now();
  return answers;
}

function valueAt(sheet: BatchResults, place: number): unknown {
  try {
    return sheet.valueAt(place);
  } catch (cause) {
    return new Unread('here', cause);
  }
}

export function settleAll({ calls, values, runs, waits }: Answers): void {
  const instant = now();
  for (let i = 0; i < calls.length; i++) {
    const call = calls[i]!;
    record(call, runs[i]!, waits[i]!, instant);
    const value = values[i];
    if (value instanceof Unread) call.fail({ type: 'refused', reason: () => unreadError(call.task.name, value) });
    else call.fulfil(value);
  }
}

/** Whatever is wrong with a notice is not the matter of whoever reads it. */
export function noticed(slot: PoolWorker, notice: WorkerNotice): void {
  try {
    take(slot, ownOnly(notice));
  } catch (cause) {
    noticeUnread(slot, cause);
  }
}

function take(slot: PoolWorker, notice: WorkerNotice): void {
  switch (notice.type) {
    case 'results':
      settleAll(takeAnswers(slot));
      break;
    case 'response':
      withCallAt(slot, notice, (call) => { answered(slot, call, notice.response, notice.waitedMs); });
      break;
    case 'unknown-text':
      withCallAt(slot, notice, (call) => { call.travelsAlone = true; });
      slot.sentTexts.forget();
      break;
    case 'started':
      markStarted(slot, callOf(slot, notice.id));
      break;
    case 'leftover':
      slot.leftover = notice;
      break;
    case 'hooks':
      slot.hasEndHooks = true;
      break;
    case 'warning':
      emitOnce(notice.code, notice.message);
      break;
    case 'ready':
    case 'fatal':
      break;
    case 'unread':
      noticeUnread(slot, notice.cause);
      break;
    case 'progress': {
      const call = callOf(slot, notice.id);
      if (call !== undefined) reported(call, ownOnly(notice));
    }
  }
}

function markStarted(slot: PoolWorker, call: Call | undefined): void {
  if (call === undefined) return;
  endLoadWatch(slot);
  call.extras?.onStarted?.();
}

/** A timer that is only cancelled would keep the call, and with that its caller's context. */
export function endLoadWatch(slot: PoolWorker): void {
  slot.loadTimer?.cancel();
  slot.loadTimer = undefined;
}

/** The place alone does not tell: the call that stands there must be the one that the worker means. */
export function withCallAt({ calls }: PoolWorker, { place, id }: { readonly place: number; readonly id: number }, then: (call: Call) => void): void {
  const call = calls[place];
  if (call?.id === id) then(call);
}

/** It was a progress value, or the answer to one of several tasks, which then is missing in the end. */
function noticeUnread(slot: PoolWorker, cause: unknown): void {
  const [call] = callsOf(slot);
  if (slot.isBatch && call !== undefined) slot.unread ??= { cause };
  else if (call !== undefined) progressUnread(call, cause);
  else warnOfUnread(cause);
}

function warnOfUnread(cause: unknown): void {
  emitOnce('OFFLOOP_PROGRESS', `A progress value of a task cannot be read on the caller's side: ${errorText(cause)}. The value was dropped. Report flatter data: a list instead of a chain.`);
}

/** What the worker has not answered yet. */
export function callsOf({ calls }: PoolWorker): Call[] {
  return calls.filter((call) => call !== undefined);
}

/** The task that was told to stop has stopped. */
export function forgive(slot: PoolWorker): void {
  slot.grace?.cancel();
  slot.told = undefined;
}

function finishCall(slot: PoolWorker, call: Call): void {
  slot.calls[call.place] = undefined;
  slot.tasks++;
  if (slot.told === call.id) forgive(slot);
}

function record({ timings: figures, calledAt, extras }: Call, runMs: number, waitMs: number, instant: number): void {
  if (extras?.traced !== undefined) Object.assign(extras.traced, { waitMs, runMs });
  figures.record(waitMs, runMs, instant - calledAt - waitMs - runMs);
}

/** The running one of this id. */
function callOf(slot: PoolWorker, id: number): Call | undefined {
  return slot.calls.find((call) => call?.id === id && call.state === 'running');
}
