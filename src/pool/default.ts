import { OptionError } from '../errors.ts';
import { shared } from '../shared/shared.ts';
import type { Runner } from '../task/offload.ts';
import type { PoolOptions } from './options.ts';
import { WorkerPool } from './pool.ts';
import { normalizePoolOptions } from './settings.ts';

/**
 * Shared by all copies of offloop: a library with a copy of its own would start as many workers again, and the application
 * could not configure them.
 */
const current = shared('default pool', () => ({ settings: {}, pool: undefined as Pick<WorkerPool, 'runRecord'> | undefined }));

/**
 * Sets the options of the default pool, which runs the tasks that are called directly. Call this once, before the first of
 * these calls.
 * @throws OptionError (OFFLOOP_OPTION) when the options are wrong, or when the default pool has started
 */
export function configure(options: PoolOptions): void {
  normalizePoolOptions('configure()', options);
  if (current.pool !== undefined) {
    throw new OptionError('configure() was called after the default pool had started. Call configure() before the first task, or use createPool().');
  }
  current.settings = { ...options };
}

/** Runs the tasks that are called directly. The default pool starts with the first of these calls. */
export const runOnDefaultPool: Runner = (record, args, options) => {
  current.pool ??= new WorkerPool(normalizePoolOptions('configure()', { name: 'default', ...current.settings }));
  return current.pool.runRecord(record, args, options);
};
