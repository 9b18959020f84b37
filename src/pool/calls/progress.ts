import { now, queueMicrotask, setImmediate } from '../../node/clock.ts';
import { warnOnce } from '../../node/warnings.ts';
import { deserialize } from '../../wire/bytes.ts';
import type { ProgressNotice } from '../../wire/messages/notices.ts';
import { Newest } from '../../wire/newest-values.ts';
import { ownOnly } from '../../wire/own-only.ts';
import { repaired } from '../../wire/values/repairs.ts';
import { unreadableError } from '../../wire/values/clone-errors.ts';
import type { Call } from './call.ts';
import { deliverInOrder } from './delivery-order.ts';

/*
 * Delivers progress values to the caller's listener. Values are received at once and delivered later, a few ms at a time, so
 * that a task that reports without end, or a slow listener, does not block timers, aborts and other calls.
 */

/** How long listeners may run in one turn of the event loop, in ms. */
const SLICE_MS = 10;

/** Calls with values that have not been delivered. */
const undelivered = new Set<Call>();

/** Call this with each value that a task reports. Only the newest values are kept. */
export function receiveProgress(call: Call, notice: ProgressNotice): void {
  const { extras } = call;
  if (extras?.onProgress === undefined) return;
  if (notice.isHere === true) {
    deliverOne(call, notice);
    return;
  }
  extras.pendingProgress ??= new Newest();
  call.learned.timings.progressDropped += (notice.dropped ?? 0) + extras.pendingProgress.push(notice);
  if (undelivered.size === 0) setImmediate(deliverSlice);
  undelivered.add(call);
}

/** Delivers all values that are left. Call this before the call settles. */
export function deliverAll(call: Call): void {
  const pending = call.extras?.pendingProgress;
  if (pending === undefined) return;
  undelivered.delete(call);
  deliver(call, pending, Infinity);
}

function deliverSlice(): void {
  const until = now() + SLICE_MS;
  for (const call of [...undelivered]) {
    undelivered.delete(call);
    const pending = call.extras?.pendingProgress;
    if (pending === undefined) continue;
    deliver(call, pending, until);
    // The call goes behind the others, so that each has its turn.
    if (pending.size > 0) undelivered.add(call);
  }
  if (undelivered.size > 0) setImmediate(deliverSlice);
}

function deliver(call: Call, pending: Newest<ProgressNotice>, until: number): void {
  for (let left = pending.size; left > 0; left--) {
    // The listener may have cancelled the call.
    if (call.state !== 'running') {
      pending.clear();
      return;
    }
    deliverOne(call, pending.shift()!);
    if (now() >= until) return;
  }
}

function deliverOne(call: Call, notice: ProgressNotice): void {
  let sent: Pick<ProgressNotice, 'value' | 'repairs'>;
  try {
    const { bytes } = notice;
    sent = bytes === undefined ? notice : ownOnly(deserialize(bytes) as typeof sent);
  } catch (cause) {
    dropUnreadProgress(call, cause);
    return;
  }
  const { value, repairs } = sent;
  deliverInOrder(call, repairs, (classes) => {
    try {
      call.extras?.onProgress?.(repaired(value, repairs, classes));
    } catch (error) {
      // An error of the listener is reported as uncaught: it must not look like an error of the task, nor stop the pool.
      queueMicrotask(() => { throw error; });
    }
  });
}

/** Drops a value that cannot be read. The task goes on, since its result may be readable. */
export function dropUnreadProgress({ task, learned }: Call, cause: unknown): void {
  learned.timings.progressDropped++;
  const reason = unreadableError(task.name, 'progress', cause).message;
  warnOnce('OFFLOOP_PROGRESS', `${reason} The value was dropped, and is counted as \`progressDropped\` in \`stats().tasks\`.`);
}
