import { OptionError } from '../errors.ts';
import type { Cpus } from '../node/cpus/cpus.ts';
import { describe } from '../validation/describe.ts';
import type { PoolOptions } from './options.ts';

/**
 * How many spare workers there are by default. Light calls wait again only when so many heavy calls have been taken for light ones. Spares
 * are started when they are needed, and each takes memory: about 10 MB where its tasks are small.
 */
const SPARES = 8;

/** How many workers a pool keeps, how many it has at most, and how many more it may add for short calls. */
export interface ThreadCounts {
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly spareThreads: number;
}

/** @throws OptionError (OFFLOOP_OPTION) */
export function threadCounts(call: string, { minThreads, maxThreads, spareThreads }: PoolOptions, cpus: Cpus): ThreadCounts {
  if (minThreads !== undefined && maxThreads !== undefined && minThreads > maxThreads) {
    throw new OptionError(`${call}: expected \`minThreads\` to be at most \`maxThreads\` (${describe(maxThreads)}), got ${describe(minThreads)}.`);
  }
  const counts = defaultCounts(minThreads ?? 1, cpus);
  // Where the user has set a limit, it is one of memory, licences or connections, and holds.
  const spares = maxThreads === undefined ? counts.spareThreads : 0;
  return { minThreads: minThreads ?? 1, maxThreads: maxThreads ?? counts.maxThreads, spareThreads: spareThreads ?? spares };
}

function defaultCounts(minThreads: number, { available, quota = Infinity }: Cpus): Omit<ThreadCounts, 'minThreads'> {
  if (quota < available) {
    // More threads than that use up the quota early: the kernel then stops the whole process, and the main thread with it.
    const running = Math.ceil(quota) + 1;
    const maxThreads = Math.max(running - 1, minThreads);
    return { maxThreads, spareThreads: Math.max(0, running - maxThreads) };
  }
  return { maxThreads: Math.max(2, available, minThreads), spareThreads: SPARES };
}
