import { AsyncResource } from 'node:async_hooks';
import type { Transferable } from 'node:worker_threads';

import type { Timer } from '../../node/limit-clock.ts';
import type { ProgressNotice } from '../../wire/messages/notices.ts';
import type { Newest } from '../../wire/newest-values.ts';
import type { Repairs } from '../../wire/values/repairs.ts';
import type { TracedCall } from './trace.ts';

/** Rarely needed properties of a call, kept apart to save memory: tens of thousands of calls may wait. */
export interface CallExtras {
  readonly repairs: Repairs | undefined;
  readonly transfer: readonly Transferable[] | undefined;
  /** How long the task may run, in ms. */
  readonly timeout: number | undefined;
  /** Epoch ms, as the caller has set it. */
  readonly deadline: number | undefined;
  /** The deadline as an instant of the pool's clock. */
  readonly due: number | undefined;
  readonly onProgress: ((value: unknown) => void) | undefined;
  /** Progress values that have not been delivered. */
  pendingProgress: Newest<ProgressNotice> | undefined;
  /** Defined while calls are traced. */
  readonly traced: TracedCall | undefined;
  timeoutTimer: Timer | undefined;
  /** Settles when everything that the task has sent so far is delivered; undefined where it was delivered at once. */
  lastDelivery: Promise<void> | undefined;
  /** Called when the worker reports that it has called the task's function. */
  onStarted: (() => void) | undefined;
  /** Removes the call's abort listener and deadline timer. */
  release: (() => void) | undefined;
}

/** Returns undefined where there are none, as for most calls. A call with a signal has extras too, for its `release`. */
export function extrasOf(
  repairs: CallExtras['repairs'],
  transfer: CallExtras['transfer'],
  timeout: number | undefined,
  deadline: number | undefined,
  due: number | undefined,
  onProgress: CallExtras['onProgress'],
  signal: AbortSignal | undefined,
  traced: TracedCall | undefined,
): CallExtras | undefined {
  const isPlain = repairs === undefined && transfer === undefined && timeout === undefined && deadline === undefined;
  if (isPlain && onProgress === undefined && signal === undefined && traced === undefined) return undefined;
  return {
    repairs,
    transfer,
    timeout,
    deadline,
    due,
    // The listener belongs to the caller and runs in the caller's context.
    onProgress: onProgress && AsyncResource.bind(onProgress),
    pendingProgress: undefined,
    traced,
    timeoutTimer: undefined,
    lastDelivery: undefined,
    onStarted: undefined,
    release: undefined,
  };
}
