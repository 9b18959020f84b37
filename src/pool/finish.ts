import { clearTimeout } from '../clock.ts';
import { unrefTimer } from '../timer.ts';
import type { Slot } from './slot.ts';

/** Resolves when the worker has done what was to be done before it ends, when its time for that is over, or when it is gone. */
export function finished(slot: Slot, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = unrefTimer(done, limitMs);
    slot.onGone = done;
    slot.worker.finish?.(done);

    function done(): void {
      clearTimeout(timer);
      resolve();
    }
  });
}
