import { availableParallelism } from 'node:os';

import { OptionError } from '../errors.ts';
import { describe } from '../validation/describe.ts';
import type { PoolOptions } from './options.ts';

/** The most spare workers by default: each takes memory, about 10 MB where its tasks are small. */
const MOST_SPARES = 8;

/** How many workers a pool keeps, how many it has at most, and how many more it may add for short calls. */
export interface ThreadCounts {
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly spareThreads: number;
}

/** @throws OptionError (OFFLOOP_OPTION) */
export function threadCounts(call: string, { minThreads, maxThreads, spareThreads }: PoolOptions): ThreadCounts {
  if (minThreads !== undefined && maxThreads !== undefined && minThreads > maxThreads) {
    throw new OptionError(`${call}: expected \`minThreads\` to be at most \`maxThreads\` (${describe(maxThreads)}), got ${describe(minThreads)}.`);
  }
  const max = maxThreads ?? Math.max(2, availableParallelism(), minThreads ?? 1);
  // Where the user has set a limit, it is one of memory, licences or connections, and holds.
  const spares = maxThreads === undefined ? Math.min(MOST_SPARES, Math.max(2, max)) : 0;
  return { minThreads: minThreads ?? 1, maxThreads: max, spareThreads: spareThreads ?? spares };
}
