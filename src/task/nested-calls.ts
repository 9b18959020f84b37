import { AsyncResource } from 'node:async_hooks';

import { Promise } from '../node/intrinsics.ts';
import { restore } from '../context/carrier.ts';
import { readCarrier } from '../context/carrier-reader.ts';
import { currentDeadline, enterDeadline, nearer } from '../context/deadline.ts';
import { inCleanRoot } from '../context/root.ts';
import { thread } from '../shared/shared.ts';
import { afterReading, timeLimit, type TimeLimit } from '../node/time-limit.ts';
import { callersClock, realClock, type Clock } from '../node/limit-clock.ts';
import type { AbortKind } from '../wire/messages/requests.ts';
import { runningTask, TaskHandle, type TaskHost } from './current.ts';
import { deadlineError, timeoutError } from './interruptions.ts';
import type { RunOptions } from './options.ts';
import type { TaskRecord } from './registry.ts';

/** Runs a task that was called inside another task: on this thread, without copies, and with its caller's stores. */
export async function runHere(record: TaskRecord, args: readonly unknown[], options: RunOptions): Promise<unknown> {
  const limits = limitsOf(record, options);
  const refusal = reasonToStop(limits, record.name, 'called');
  if (refusal !== undefined) throw refusal.reason;
  const handle = new TaskHandle(`${outerId()}${record.name}`, record.name, limits.deadline, limits.due, hostOf(limits, options));
  const stopped = stopPromise(limits, record.name, handle);
  try {
    const fn = record.fn!;
    // The task gets a scope of its own: a store that it enters with `enterWith` must not stay set for its caller.
    const run = () => new AsyncResource('offloop.InnerTask').runInAsyncScope(() => runningTask.run(handle, () => fn(...args)));
    const result = inContext(options.context, limits.deadline === undefined ? run : () => enterDeadline(limits.deadline ?? 0, run));
    return await (stopped === undefined ? result : Promise.race([result, stopped.promise]));
  } catch (error) {
    // A task that reads its signal learns of a limit before the limit's timer can run: the error that it then throws stands for the limit.
    const stop = handle.isAborted ? reasonToStop(limits, record.name, 'running') : undefined;
    throw stop === undefined ? error : stop.reason;
  } finally {
    stopped?.release();
  }
}

interface Limits {
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly deadline: number | undefined;
  /** The deadline as an instant of the clock. */
  readonly due: number | undefined;
  readonly timeout: number | undefined;
  /** The timer of the timeout, once the task runs. */
  limit: TimeLimit | undefined;
  readonly startedAt: number;
  readonly outer: TaskHandle | undefined;
}

function limitsOf(record: TaskRecord, options: RunOptions): Limits {
  const outer = runningTask.getStore();
  const clock = outer?.clock ?? (thread.isWorker ? realClock : callersClock);
  const deadline = nearer(nearer(options.deadline, carriedDeadline(options.context)), currentDeadline());
  return {
    signal: options.signal,
    clock,
    deadline,
    // The outer task's instant holds, even if this thread's `Date` has been faked meanwhile.
    due: deadline === outer?.deadline ? outer?.due : deadline && clock.instantOf(deadline),
    timeout: options.timeout ?? record.timeout,
    limit: undefined,
    startedAt: clock.now(),
    outer,
  };
}

function carriedDeadline(context: RunOptions['context']): number | undefined {
  return typeof context === 'object' ? readCarrier(context).deadline : undefined;
}

/** The id `a/b` stands for a task b that was called by a. */
function outerId(): string {
  const outer = runningTask.getStore();
  return outer === undefined ? '' : `${outer.id}/`;
}

function hostOf(limits: Limits, { onProgress }: RunOptions): TaskHost {
  return {
    // Another copy of offloop may have made the outer task, and know of no numbers.
    worker: (limits.outer as Partial<TaskHandle> | undefined)?.worker ?? thread.worker ?? 1,
    clock: limits.clock,
    pollAbort: () => limits.outer?.pollAbort() ?? kindOfStop(limits),
    progress: (_id, value) => onProgress?.(value),
  };
}

function kindOfStop({ signal, clock, due, timeout, limit, startedAt }: Limits): AbortKind | undefined {
  if (signal?.aborted === true) return 'abort';
  if (due !== undefined && clock.timeTo(due) <= 0) return 'deadline';
  if (timeout !== undefined && clock.now() - startedAt >= timeout + (limit?.excused ?? 0)) return 'timeout';
  return undefined;
}

/** The reason is wrapped in an object, since the caller may have aborted with any value, undefined included. */
function reasonToStop(limits: Limits, name: string, when: 'called' | 'running'): { reason: unknown } | undefined {
  const kind = kindOfStop(limits);
  return kind && { reason: reasonOf(kind, limits, name, when) };
}

function reasonOf(kind: AbortKind, { signal, timeout }: Limits, name: string, when: 'called' | 'running'): unknown {
  if (kind === 'abort') return signal?.reason;
  return kind === 'deadline' ? deadlineError(name, when) : timeoutError(name, timeout!);
}

function inContext<R>(context: RunOptions['context'], run: () => R): R {
  if (context === undefined || context === 'inherit') return run();
  return context === 'none' ? inCleanRoot(run) : restore(context, run);
}

/** Without a prototype, since Node reads `signal` and other options from it, inherited ones included. */
const once = { __proto__: null, once: true };

interface Stop {
  readonly promise: Promise<never>;
  release(): void;
}

/** Rejects when a limit is reached; undefined when there is none, which is the usual case. */
function stopPromise(limits: Limits, name: string, handle: TaskHandle): Stop | undefined {
  const { signal, due, timeout } = limits;
  if (signal === undefined && due === undefined && timeout === undefined) return undefined;
  let release = (): void => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    release = watch(limits, (kind) => {
      handle.abort(kind);
      reject(reasonOf(kind, limits, name, 'running'));
    });
  });
  // The task may settle first; nobody then handles a rejection of this promise.
  promise.catch(() => undefined);
  return { promise, release };
}

/** @returns a function that ends the watch */
function watch(limits: Limits, stop: (kind: AbortKind) => void): () => void {
  const { signal, clock, due, timeout } = limits;
  const onAbort = (): void => { stop('abort'); };
  // The task may have ended in time, and this thread may be late in reading that.
  const onDue = (): void => { afterReading(() => { stop('deadline'); }); };
  const deadlineTimer = due === undefined ? undefined : clock.startAt(due, onDue);
  limits.limit = timeout === undefined ? undefined : timeLimit(clock, timeout, () => { stop('timeout'); });
  signal?.addEventListener('abort', onAbort, once);
  return () => {
    signal?.removeEventListener('abort', onAbort);
    deadlineTimer?.cancel();
    limits.limit?.cancel();
  };
}
