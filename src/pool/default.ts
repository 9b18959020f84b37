import { OptionError } from '../errors.ts';
import { shared } from '../shared/shared.ts';
import type { Runner } from '../task/offload.ts';
import { normalizePoolOptions, type PoolOptions } from './options.ts';
import { WorkerPool } from './pool.ts';

/** One for all copies of offloop: a library that brought its own would start as many workers again, which nobody could configure. */
const current = shared('default pool', () => ({ settings: {}, pool: undefined as Pick<WorkerPool, 'runRecord'> | undefined }));

/**
 * Sets the options of the default pool, the one that runs a task that is simply called. Call it once, before that.
 * @throws OptionError (OFFLOOP_OPTION) when they are wrong, or when the default pool has started
 */
export function configure(options: PoolOptions): void {
  normalizePoolOptions('configure()', options);
  if (current.pool !== undefined) {
    throw new OptionError('configure() was called after the default pool had started: call it before the first task, or use createPool().');
  }
  current.settings = { ...options };
}

/** What runs a task that is simply called: the default pool, which starts with the first of them. */
export const runOnDefaultPool: Runner = (record, args, options) => {
  current.pool ??= new WorkerPool(normalizePoolOptions('configure()', { name: 'default', ...current.settings }));
  return current.pool.runRecord(record, args, options);
};
