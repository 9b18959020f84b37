import { now, queueMicrotask } from '../clock.ts';
import { emitOnce } from '../task/ending.ts';
import { repaired } from '../wire/repairs.ts';
import { ownOnly } from '../wire/own-only.ts';
import type { ProgressNotice, RunResponse, WorkerNotice } from '../wire/messages.ts';
import type { Call } from './call.ts';
import { inTurn } from './in-turn.ts';
import { remember, type Slot } from './slot.ts';

/*
 * What a worker has to say of its calls: they are settled, timed and counted here.
 */

/** The answer to a call that the worker was sent last. */
export function answered(slot: Slot, call: Call, received: RunResponse, waitedMs: number): void {
  if (slot.calls[call.place] !== call) return;
  const response = ownOnly(received);
  remember(call, slot, response.type === 'returned');
  slot.memory = response.memory ?? 0;
  slot.heardAt = now();
  isOver(slot, call);
  record(call, response.runMs, slot.sentAt - call.calledAt + waitedMs, slot.heardAt);
  if (response.type === 'threw') {
    if (response.hasNotLoaded === true) slot.isSpoiled ??= 'module';
    inTurn(call, undefined, () => { call.fail(response); });
  } else inTurn(call, response.repairs, (classes) => { call.fulfil(repaired(response.value, response.repairs, classes)); });
}

/** All that the worker has answered so far. */
export function readAnswers(slot: Slot): void {
  slot.worker.flushNotices();
  settleAll(takeAnswers(slot));
}

/** Calls that have been answered, and whose callers have not been told. */
export interface Answers {
  readonly calls: Call[];
  readonly values: unknown[];
  readonly runs: number[];
  readonly waits: number[];
}

/** Takes what stands on the sheet, so that the worker can be sent the next batch before the callers are told. */
export function takeAnswers(slot: Slot): Answers {
  const answers: Answers = { calls: [], values: [], runs: [], waits: [] };
  const { calls, isBatch, sentAt, worker: { batches } } = slot;
  if (!isBatch || batches === undefined) return answers;
  const { sheet } = batches;
  let turnAt = sentAt;
  for (let place = 0; place < calls.length; place++) {
    if (!sheet.isDone(place)) continue;
    const call = calls[place];
    const runMs = sheet.runMs(place);
    if (call !== undefined) {
      answers.calls.push(call);
      answers.values.push(sheet.valueAt(place));
      answers.runs.push(runMs);
      answers.waits.push(turnAt - call.calledAt);
      isOver(slot, call);
    }
    turnAt += runMs;
  }
  if (answers.calls.length > 0) slot.heardAt = now();
  return answers;
}

export function settleAll({ calls, values, runs, waits }: Answers): void {
  const instant = now();
  for (let i = 0; i < calls.length; i++) {
    const call = calls[i]!;
    record(call, runs[i]!, waits[i]!, instant);
    call.fulfil(values[i]);
  }
}

export function noticed(slot: Slot, received: WorkerNotice): void {
  const notice = ownOnly(received);
  switch (notice.type) {
    case 'sheet':
      settleAll(takeAnswers(slot));
      break;
    case 'answer':
      withCallAt(slot, notice, (call) => { answered(slot, call, notice.response, notice.waitedMs); });
      break;
    case 'unknown-text':
      withCallAt(slot, notice, (call) => { call.travelsAlone = true; });
      slot.sentTexts.forget();
      break;
    case 'started':
      callOf(slot, notice.id)?.extras?.onStarted?.();
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
    case 'progress':
      progressed(callOf(slot, notice.id), notice);
  }
}

/** The place alone does not tell: the call that stands there must be the one that the worker means. */
export function withCallAt({ calls }: Slot, { place, id }: { readonly place: number; readonly id: number }, then: (call: Call) => void): void {
  const call = calls[place];
  if (call?.id === id) then(call);
}

/** What the worker has not answered yet. */
export function callsOf({ calls }: Slot): Call[] {
  return calls.filter((call) => call !== undefined);
}

/** The task that was told to stop has stopped. */
export function forgive(slot: Slot): void {
  slot.grace?.cancel();
  slot.told = undefined;
}

function isOver(slot: Slot, call: Call): void {
  slot.calls[call.place] = undefined;
  slot.tasks++;
  if (slot.told === call.id) forgive(slot);
}

function record({ figures, calledAt, extras }: Call, runMs: number, waitMs: number, instant: number): void {
  if (extras?.traced !== undefined) Object.assign(extras.traced, { waitMs, runMs });
  figures.record(waitMs, runMs, instant - calledAt - waitMs - runMs);
}

function progressed(call: Call | undefined, { value, repairs }: ProgressNotice): void {
  const onProgress = call?.extras?.onProgress;
  if (call === undefined || onProgress === undefined) return;
  inTurn(call, repairs, (classes) => {
    try {
      onProgress(repaired(value, repairs, classes));
    } catch (error) {
      // The listener's mistake is its own: it must not look like the task's, nor stop the pool.
      queueMicrotask(() => { throw error; });
    }
  });
}

/** The running one of this id. */
function callOf(slot: Slot, id: number): Call | undefined {
  return slot.calls.find((call) => call?.id === id && call.state === 'running');
}
