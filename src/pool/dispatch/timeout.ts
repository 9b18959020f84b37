import { timeLimit } from '../../node/time-limit.ts';
import type { Clock } from '../../node/limit-clock.ts';
import { notBegunError, timeoutError } from '../../task/interruptions.ts';
import type { Call } from '../calls/call.ts';
import type { CallExtras } from '../calls/extras.ts';
import { cpuShare } from '../spares/cpu-share.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';

/**
 * A timeout counts from the task's start and not from its dispatch, since a cold worker and its modules take time to load.
 * Loading may take this long, so that a module that hangs does not keep its call waiting forever.
 */
const LOAD_LIMIT_MS = 30_000;

/** The CPU time of a run that was shorter is not told: the kernel counts in steps of 4 or 10 ms. */
const SHORT_RUN_MS = 100;

/** Starts the timer of a call that has a timeout. Call this when the call is sent to its worker. */
export function armTimeout({ task }: Call, extras: CallExtras, worker: PoolWorker, clock: Clock, cancel: (reason: () => unknown) => void): void {
  const { timeout } = extras;
  if (timeout === undefined) return;
  const expireLoad = async (): Promise<void> => {
    const stack = await worker.engine.stack();
    cancel(() => notBegunError(task.name, LOAD_LIMIT_MS, stack));
  };
  const expire = async (): Promise<void> => {
    const share = timeout < SHORT_RUN_MS ? undefined : cpuShare(worker, timeout);
    const stack = await worker.engine.stack();
    cancel(() => timeoutError(task.name, timeout, stack, share));
  };
  extras.timeoutTimer = timeLimit(clock, LOAD_LIMIT_MS, () => void expireLoad());
  extras.onStarted = () => {
    extras.timeoutTimer?.cancel();
    extras.timeoutTimer = timeLimit(clock, timeout, () => void expire());
  };
}
