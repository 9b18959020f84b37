import { channel } from 'node:diagnostics_channel';

import type { Call } from '../calls/call.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';

/** A worker has been started beyond `maxThreads`. */
export interface SpareEvent {
  /** The pool's name. */
  readonly pool: string;
  /** The new worker's number: `currentTask().worker` there. */
  readonly worker: number;
  /** The name of the task that waited. */
  readonly task: string;
  /** The name of the task that has aged, and how much CPU time it has used so far, in ms. */
  readonly behind: string;
  readonly cpuMs: number;
}

/** `channel('offloop:spare')`: a message for each spare worker that is started. */
const spareChannel = channel('offloop:spare');

export function announceSpare(pool: string, { engine }: PoolWorker, { task }: Call, aged: PoolWorker | undefined): void {
  if (!spareChannel.hasSubscribers || aged === undefined) return;
  const [running] = aged.message.pendingCalls();
  const event: SpareEvent = { pool, worker: engine.number, task: task.name, behind: running?.task.name ?? '', cpuMs: aged.aging.usedMs ?? 0 };
  spareChannel.publish(event);
}
