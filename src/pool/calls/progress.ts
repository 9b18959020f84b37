import { now, queueMicrotask, setImmediate } from '../../node/clock.ts';
import { warnOnce } from '../../node/warnings.ts';
import { deserialize } from '../../wire/bytes.ts';
import type { ProgressNotice } from '../../wire/messages/notices.ts';
import { Newest } from '../../wire/newest-values.ts';
import { ownOnly } from '../../wire/own-only.ts';
import { repaired } from '../../wire/values/repairs.ts';
import { unreadableError } from '../../wire/values/unreadable.ts';
import type { Call } from './call.ts';
import { inTurn } from './delivery-order.ts';

/*
 * Progress values on their way to the caller's listener. They are taken in at once and delivered later, a few ms at a time, so that
 * a task that reports without end, or a slow listener, does not stop the event loop: timers, aborts and other calls have their turn.
 */

/** How long listeners may run until the event loop turns, in ms. */
const SLICE_MS = 10;

/** Calls with values that have not been delivered. */
const waiting = new Set<Call>();

/** The task has reported a value. Only the newest are kept. */
export function reported(call: Call, notice: ProgressNotice): void {
  const { extras, timings: figures } = call;
  if (extras?.onProgress === undefined) return;
  if (notice.isHere === true) {
    tell(call, notice);
    return;
  }
  extras.reports ??= new Newest();
  figures.progressDropped += (notice.dropped ?? 0) + extras.reports.push(notice);
  if (waiting.size === 0) setImmediate(deliverSome);
  waiting.add(call);
}

/** Delivers what is left, to be called before the call settles. */
export function deliverAll(call: Call): void {
  const reports = call.extras?.reports;
  if (reports === undefined) return;
  waiting.delete(call);
  deliver(call, reports, Infinity);
}

function deliverSome(): void {
  const until = now() + SLICE_MS;
  for (const call of [...waiting]) {
    waiting.delete(call);
    const reports = call.extras?.reports;
    if (reports === undefined) continue;
    deliver(call, reports, until);
    // Behind the others: each has its turn.
    if (reports.size > 0) waiting.add(call);
  }
  if (waiting.size > 0) setImmediate(deliverSome);
}

function deliver(call: Call, reports: Newest<ProgressNotice>, until: number): void {
  for (let left = reports.size; left > 0; left--) {
    // The listener may have given up the call.
    if (call.state !== 'running') {
      reports.clear();
      return;
    }
    tell(call, reports.shift()!);
    if (now() >= until) return;
  }
}

function tell(call: Call, notice: ProgressNotice): void {
  let sent: Pick<ProgressNotice, 'value' | 'repairs'>;
  try {
    const { bytes } = notice;
    sent = bytes === undefined ? notice : ownOnly(deserialize(bytes) as typeof sent);
  } catch (cause) {
    progressUnread(call, cause);
    return;
  }
  const { value, repairs } = sent;
  inTurn(call, repairs, (classes) => {
    try {
      call.extras?.onProgress?.(repaired(value, repairs, classes));
    } catch (error) {
      // The listener's mistake is its own: it must not look like the task's, nor stop the pool.
      queueMicrotask(() => { throw error; });
    }
  });
}

/** One value less, and the task goes on: its result may be fine. */
export function progressUnread({ task, timings: figures }: Call, cause: unknown): void {
  figures.progressDropped++;
  const reason = unreadableError(task.name, 'progress', cause).message;
  warnOnce('OFFLOOP_PROGRESS', `${reason} The value was dropped, and is counted in \`stats().tasks\` as \`progressDropped\`.`);
}
