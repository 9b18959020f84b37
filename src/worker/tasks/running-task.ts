import type { AsyncResource } from 'node:async_hooks';

import { Math } from '../../node/intrinsics.ts';
import { callersEpoch } from '../../node/clock.ts';
import { TaskHandle } from '../../task/current.ts';
import type { ErrorClasses } from '../../wire/errors/error-repairs.ts';
import type { RunMessage, TaskAddress } from '../../wire/messages/requests.ts';
import type { WorkerHost } from './worker-host.ts';

/** Calls back where no store is set, and where no store that is entered outlives the call. */
export type Scope = <R>(fn: () => R) => R;

/** A call in its worker. */
export interface RunningTask {
  readonly message: RunMessage;
  readonly address: TaskAddress;
  readonly host: WorkerHost;
  readonly handle: TaskHandle;
  readonly inScope: Scope;
  /** 0 until the function is called. */
  startedAt: number;
  /** The task's async context when its function returned; undefined where it returned neither an object nor a function. */
  scope: AsyncResource | undefined;
  classes: ErrorClasses | undefined;
}

export function createRunningTask(message: RunMessage, address: TaskAddress, host: WorkerHost, inScope: Scope): RunningTask {
  return { message, address, host, inScope, handle: handleOf(message, address, host), startedAt: 0, scope: undefined, classes: undefined };
}

/** Clocks of caller and worker that differ by less agree: then the task sees the deadline exactly as the caller gave it. */
const SAME_CLOCK_MS = 50;

function handleOf({ id, deadline, due }: RunMessage, { name }: TaskAddress, host: WorkerHost): TaskHandle {
  if (deadline === undefined || due === undefined) return new TaskHandle(id, name, undefined, undefined, host);
  const here = callersEpoch() + host.clock.timeTo(due);
  return new TaskHandle(id, name, Math.abs(here - deadline) < SAME_CLOCK_MS ? deadline : here, due, host);
}
