import type { Call } from '../calls/call.ts';
import type { LauncherHost } from './life/launcher.ts';
import type { PoolWorker } from './pool-worker.ts';

/** The events that `Workers` sends to the dispatcher. */
export interface WorkersEvents extends Pick<LauncherHost, 'startRefused'> {
  /** A worker can be taken or started. @param worker the worker that is done with its message; undefined where another worker may be started */
  workerFree(worker: PoolWorker | undefined): void;
  /** Whether calls wait. */
  isQueueing(): boolean;
  /** These calls were sent, have not been started, and go back to the queue; the last one comes first. */
  callsReturned(calls: readonly Call[]): void;
}
