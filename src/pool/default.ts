import { OptionError } from '../errors.ts';
import { shared } from '../shared/shared.ts';
import type { Runner } from '../task/offload.ts';
import type { PoolOptions } from './options.ts';
import { WorkerPool } from './pool.ts';
import { normalizePoolOptions } from './settings.ts';
import type { Pool } from './types.ts';

/**
 * Shared by all copies of offloop: a library with a copy of its own would start as many workers again, and the application
 * could not configure them.
 */
const current = shared('default pool', () => ({ settings: {}, pool: undefined as (Pool & Pick<WorkerPool, 'runRecord'>) | undefined }));

/**
 * Sets the options of the default pool, which runs the tasks that are called directly. Call this once, before the first of
 * these calls.
 * @throws OptionError (OFFLOOP_OPTION) when the options are wrong, or when the default pool exists already
 */
export function configure(options: PoolOptions): void {
  normalizePoolOptions('configure()', options);
  if (current.pool !== undefined) {
    throw new OptionError('configure() was called after the default pool had started. Call configure() before the first task and before defaultPool(), or use createPool().');
  }
  current.settings = { ...options };
}

/**
 * The pool that runs the tasks that are called directly: for its `ready()`, `stats()` and `close()`. All copies of offloop in a process
 * have the same one. It is created if it does not exist yet, and `configure()` then throws, as after the first task. Its workers start
 * with the first task.
 *
 * Closing it is final: later direct calls reject with PoolClosedError (OFFLOOP_POOL_CLOSED), those of libraries included. So close it
 * when the process is about to end. Inside a worker, a direct call runs right there and uses no pool; the pool that this returns there
 * runs its tasks inline.
 */
export function defaultPool(): Pool {
  return existing();
}

/** Runs the tasks that are called directly. The default pool is created by the first of these calls, or by `defaultPool()`. */
export const runOnDefaultPool: Runner = (record, args, options) => existing().runRecord(record, args, options);

function existing(): NonNullable<typeof current.pool> {
  return (current.pool ??= new WorkerPool(normalizePoolOptions('configure()', { name: 'default', ...current.settings })));
}
