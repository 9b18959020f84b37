import { activityIn } from '../../node/cpus/thread-cpu.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';

/** How much of its time the running task of a worker has had a CPU. */
export interface CpuShare {
  /** CPU time in ms. */
  readonly cpuMs: number;
  /** Whether the worker's thread has a lower priority, because shorter tasks go first. */
  readonly isLowered: boolean;
}

/**
 * Reads it for a task that has run for so many ms; undefined where it is not known. In a batch the CPU time of the tasks before counts as
 * well: the result is never too small.
 */
export function cpuShare({ engine, loweredBy }: PoolWorker, runMs: number): CpuShare | undefined {
  const before = engine.procFolder === undefined ? undefined : engine.cpuAtMessageEnd();
  const now = before === undefined ? undefined : activityIn(engine.procFolder!);
  if (before === undefined || now === undefined) return undefined;
  return { cpuMs: Math.min(runMs, Math.max(0, now.ranMs - before)), isLowered: loweredBy > 0 };
}
