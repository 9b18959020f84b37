import { timeLimit } from '../../node/time-limit.ts';
import type { Clock } from '../../node/limit-clock.ts';
import { notBegunError, timeoutError } from '../../task/interruptions.ts';
import type { Call, CallExtras } from '../calls/call.ts';
import type { EngineWorker } from '../engines/engine.ts';

/**
 * A timeout counts from the task's start, not from its dispatch: a cold worker and its module take time to load, and that
 * is not the task's fault. This is how long they may take, in ms, so that a module that hangs is not waited for for ever.
 */
const LOAD_LIMIT = 30_000;

/** Begins to watch over a call that has a timeout and is on its way to its worker. */
export function armTimeout({ task }: Call, extras: CallExtras, worker: EngineWorker, clock: Clock, cancel: (reason: () => unknown) => void): void {
  const { timeout } = extras;
  if (timeout === undefined) return;
  const expire = async (error: typeof timeoutError, ms: number): Promise<void> => {
    const stack = await worker.stack();
    cancel(() => error(task.name, ms, stack));
  };
  extras.timeoutTimer = timeLimit(clock, LOAD_LIMIT, () => void expire(notBegunError, LOAD_LIMIT));
  extras.onStarted = () => {
    extras.timeoutTimer?.cancel();
    extras.timeoutTimer = timeLimit(clock, timeout, () => void expire(timeoutError, timeout));
  };
}
