import { OptionError } from '../errors.ts';
import { setDefaultRunner } from '../task/offload.ts';
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

/** For index.ts to call once: a module that is only imported for what it does could be dropped by a bundler. */
export function installDefaultPool(): void {
  setDefaultRunner((record, args, options) => {
    pool ??= new WorkerPool(normalizePoolOptions('configure()', { name: 'default', ...settings }));
    return pool.runRecord(record, args, options);
  });
}
