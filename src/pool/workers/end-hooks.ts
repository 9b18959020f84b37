import { timeLimit } from '../../node/time-limit.ts';
import { realClock } from '../../node/limit-clock.ts';
import type { PoolWorker } from './pool-worker.ts';

/** Resolves when the worker has done what was to be done before it ends, when its time for that is over, or when it is gone. */
export function finished(slot: PoolWorker, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = timeLimit(realClock, limitMs, done);
    slot.onGone = done;
    slot.worker.finish?.(done);

    function done(): void {
      timer.cancel();
      resolve();
    }
  });
}
