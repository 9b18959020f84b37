import './core.ts';
import { runOnDefaultPool } from './pool/default.ts';
import { setDefaultRunner } from './task/offload.ts';

setDefaultRunner(runOnDefaultPool);

// in-worker.ts exports the same names to a task; a test compares the two lists.
export { capture, restore } from './context/carrier.ts';
export type { Carrier } from './context/carrier-reader.ts';
export { carry } from './context/carry.ts';
export type { CarryOptions } from './context/carry.ts';
export { withDeadline } from './context/deadline.ts';
export type { ModuleRef } from './context/module-ref.ts';
export type { Carried } from './context/stores/store-record.ts';
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
export type { OffloopErrorCode } from './errors.ts';
export type { PoolStats, Spread, TaskStats } from './pool/calls/stats.ts';
export type { TaskTrace } from './pool/calls/trace.ts';
export { configure, defaultPool } from './pool/default.ts';
export type { MapOptions, MapProgress, MapResult } from './pool/map/map.ts';
export type { PlainTask, PlainTaskOptions, TasksOf } from './pool/module-tasks.ts';
export type { PoolOptions } from './pool/options.ts';
export { createPool } from './pool/pool.ts';
export type { CallKey } from './pool/queue/call-key.ts';
export type { SpareEvent } from './pool/spares/spare-channel.ts';
export type { CloseOptions, Pool } from './pool/types.ts';
export { currentTask } from './task/current.ts';
export type { CurrentTask } from './task/current.ts';
export { beforeWorkerEnds } from './task/end-hooks.ts';
export { move } from './task/move.ts';
export { offload } from './task/offload.ts';
export type { Task } from './task/offload.ts';
export type { OffloadOptions, RunOptions } from './task/options.ts';
