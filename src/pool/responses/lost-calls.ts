import type { OffloopError } from '../../errors.ts';
import { now } from '../../node/clock.ts';
import type { Call } from '../calls/call.ts';
import { deliverAll } from '../calls/progress.ts';
import type { WorkerExit } from '../engines/engine.ts';
import { crashError } from '../workers/life/exit-errors.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';

/** Call this when a worker that was ready is gone: fails the calls that it had started. @returns the others, the last one first */
export function failStarted(worker: PoolWorker, exit: WorkerExit): Call[] {
  const unstarted = worker.takeBackUnstarted();
  for (const call of worker.message.pendingCalls()) {
    deliverAll(call);
    worker.learnFromLost(call);
    call.chargeLost(now() - (worker.beginning.taskStartedAt ?? worker.message.sentAt));
    call.fail({ type: 'refused', reason: () => crashError(call.task.name, exit, worker.leftover) });
  }
  return unstarted;
}

/**
 * Call this when a worker has ended before it was ready, and so has started nothing: fails the calls that transfer objects,
 * since these are lost with the message.
 * @returns the calls that can run elsewhere, the last one first
 */
export function failTransferred(worker: PoolWorker, reason: () => OffloopError): Call[] {
  const pending = worker.message.pendingCalls().reverse();
  for (const call of pending) {
    // The worker has found out nothing.
    call.learned.isExplored = false;
    if (call.extras?.transfer === undefined) continue;
    call.refundCharge();
    call.fail({ type: 'refused', reason });
  }
  return pending.filter((call) => call.extras?.transfer === undefined);
}
