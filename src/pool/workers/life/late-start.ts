import type { OffloopError } from '../../../errors.ts';
import type { PoolWorker } from '../pool-worker.ts';

/**
 * Settles what follows for the calls of a worker that is not ready in time.
 * @param isOnly whether it is the pool's only worker
 * @returns whether the pool is to replace it now; otherwise its end will be reported
 */
export function failLateStart(worker: PoolWorker, reason: () => OffloopError, isOnly: boolean): boolean {
  if (isOnly) {
    for (const call of worker.message.pendingCalls()) {
      call.refundCharge();
      call.fail({ type: 'refused', reason });
    }
    return true;
  }
  // The worker may still begin its task until the worker is gone: only then it is known whether the call can run elsewhere.
  worker.recycle('late-start');
  void worker.engine.terminate();
  return false;
}
