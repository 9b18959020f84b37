import type { PoolOptions } from '../pool/options.ts';
import { createPool } from '../pool/pool.ts';
import type { Pool } from '../pool/types.ts';

/**
 * Creates a pool that starts no thread: each task runs on the caller's thread, under the rules of a worker. Arguments and results
 * are cloned, the carried stores are encoded, restored and removed, errors are rebuilt, and a task is cancelled as on a worker;
 * only a synchronous loop cannot be stopped. Under fake timers, timeouts and deadlines follow the faked clock.
 *
 * @param options the options of `createPool()` but `runtime`
 * @throws OptionError (OFFLOOP_OPTION)
 */
export function inlinePool(options: Omit<PoolOptions, 'runtime'> = {}): Pool {
  return createPool({ ...options, runtime: 'inline' });
}
