import { reviveBuffers } from '../wire/buffers.ts';
import type { ProgressNotice, RunResponse, WorkerNotice } from '../wire/messages.ts';
import type { Call } from './call.ts';
import { remember, type Slot } from './slot.ts';

/*
 * What a worker has to say of its calls: they are settled, timed and counted here.
 */

/** The answer to what stands at this place of what the worker was sent last. */
export function answered(slot: Slot, place: number, response: RunResponse, waitedMs: number): void {
  const call = slot.calls[place];
  if (call === undefined) return;
  remember(call, slot, response.type === 'returned');
  slot.memory = response.memory ?? 0;
  count(slot, call, response.runMs, waitedMs, performance.now());
  if (response.type === 'threw') call.fail(response);
  else call.fulfil(reviveBuffers(response.value, response.buffers));
}

/** All that the worker has answered so far. */
export function readAnswers(slot: Slot): void {
  slot.worker.flushNotices();
  readSheet(slot);
}

export function noticed(slot: Slot, notice: WorkerNotice): void {
  switch (notice.type) {
    case 'sheet':
      readSheet(slot);
      break;
    case 'answer':
      answered(slot, notice.place, notice.response, notice.waitedMs);
      break;
    case 'started':
      callOf(slot, notice.id)?.extras?.onStarted?.();
      break;
    case 'progress':
      progressed(callOf(slot, notice.id), notice);
  }
}

/** What the worker has not answered yet. */
export function callsOf({ calls }: Slot): Call[] {
  return calls.filter((call) => call !== undefined);
}

/** The task that was told to stop has stopped. */
export function forgive(slot: Slot): void {
  clearTimeout(slot.grace);
  slot.told = undefined;
}

function readSheet(slot: Slot): void {
  const { calls, isBatch, worker: { batches } } = slot;
  if (!isBatch || batches === undefined) return;
  const { sheet } = batches;
  const now = performance.now();
  let waitedMs = 0;
  for (const [place, call] of calls.entries()) {
    if (!sheet.isDone(place)) continue;
    const runMs = sheet.runMs(place);
    if (call !== undefined) {
      count(slot, call, runMs, waitedMs, now);
      call.fulfil(sheet.valueAt(place));
    }
    waitedMs += runMs;
  }
}

function count(slot: Slot, call: Call, runMs: number, waitedMs: number, now: number): void {
  const waitMs = slot.sentAt - call.calledAt + waitedMs;
  call.figures.record(waitMs, runMs, now - call.calledAt - waitMs - runMs);
  slot.calls[call.place] = undefined;
  slot.heardAt = now;
  slot.tasks++;
  if (slot.told === call.id) forgive(slot);
}

function progressed(call: Call | undefined, { value, buffers }: ProgressNotice): void {
  try {
    call?.extras?.onProgress?.(reviveBuffers(value, buffers));
  } catch (error) {
    // The listener's mistake is its own: it must not look like the task's, nor stop the pool.
    queueMicrotask(() => { throw error; });
  }
}

/** The running one of this id. */
function callOf(slot: Slot, id: number): Call | undefined {
  return slot.calls.find((call) => call?.id === id && call.state === 'running');
}
