import { OptionError } from '../errors.ts';
import type { Runner } from '../task/offload.ts';
import { normalizePoolOptions, type PoolOptions } from './options.ts';
import { WorkerPool } from './pool.ts';

let settings: PoolOptions = {};
let pool: WorkerPool | undefined;

/**
 * Sets the options of the default pool, the one that runs a task that is simply called. Call it once, before that.
 * @throws OptionError (OFFLOOP_OPTION) when they are wrong, or when the default pool has started
 */
export function configure(options: PoolOptions): void {
  normalizePoolOptions('configure()', options);
  if (pool !== undefined) {
    throw new OptionError('configure() was called after the default pool had started: call it before the first task, or use createPool().');
  }
  settings = { ...options };
}

/** What runs a task that is simply called: the default pool, which starts with the first of them. */
export const runOnDefaultPool: Runner = (record, args, options) => {
  pool ??= new WorkerPool(normalizePoolOptions('configure()', { name: 'default', ...settings }));
  return pool.runRecord(record, args, options);
};
