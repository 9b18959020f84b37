import './core.ts';
import { nodeModule } from './node/builtins.ts';
import { setDefaultRunner } from './task/offload.ts';
import type * as Pools from './pool/index.ts';
import type { Pool } from './pool/types.ts';
import type { PoolOptions } from './pool/options.ts';

/*
 * `import 'offloop'` loads this module in a worker, by the condition `offloop-worker` in package.json's exports, which the pool sets
 * (worker-flags.ts). Most tasks need no pool, and loading a pool, with tinypool, is a good part of a worker's start: so the pool's
 * code is loaded when a task asks for it.
 */

let pools: typeof Pools | undefined;

function loadPools(): typeof Pools {
  return (pools ??= nodeModule().createRequire(import.meta.url)('./pool.js') as typeof Pools);
}

setDefaultRunner((record, args, options) => loadPools().runOnDefaultPool(record, args, options));

export function configure(options: PoolOptions): void {
  loadPools().configure(options);
}

export function defaultPool(): Pool {
  return loadPools().defaultPool();
}

export function createPool(options?: PoolOptions): Pool {
  return loadPools().createPool(options);
}

// The names of index.ts; types come from there.
export { capture, restore } from './context/carrier.ts';
export { carry } from './context/carry.ts';
export { withDeadline } from './context/deadline.ts';
export {
  ContextError,
  ContextTooLargeError,
  DeadlineExceededError,
  DuplicateNameError,
  EntryModuleError,
  ModuleLoadError,
  NotCloneableError,
  OffloopError,
  OptionError,
  PoolClosedError,
  QueueFullError,
  TaskNotFoundError,
  TaskTimeoutError,
  WorkerCrashedError,
  WorkerOutOfMemoryError,
} from './errors.ts';
export { currentTask } from './task/current.ts';
export { beforeWorkerEnds } from './task/end-hooks.ts';
export { move } from './task/move.ts';
export { offload } from './task/offload.ts';
