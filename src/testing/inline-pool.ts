import type { PoolOptions } from '../pool/options.ts';
import { createPool } from '../pool/pool.ts';
import type { Pool } from '../pool/types.ts';

/**
 * A pool that starts no thread: each task runs on the caller's, under the rules of a worker. Arguments and results are cloned,
 * the carried stores are encoded, restored and forgotten, errors are rebuilt, and a task is cancelled as it is elsewhere;
 * only a synchronous loop cannot be stopped. Under fake timers, its timeouts and deadlines go by the faked clock.
 *
 * @param options those of `createPool()`, all but `runtime`
 * @throws OptionError (OFFLOOP_OPTION)
 */
export function inlinePool(options: Omit<PoolOptions, 'runtime'> = {}): Pool {
  return createPool({ ...options, runtime: 'inline' });
}
