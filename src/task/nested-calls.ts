import { AsyncResource } from 'node:async_hooks';

import { Promise } from '../node/intrinsics.ts';
import { restore } from '../context/carrier.ts';
import { readCarrier } from '../context/carrier-reader.ts';
import { currentDeadline, enterDeadline, nearer } from '../context/deadline.ts';
import { inCleanRoot } from '../context/root.ts';
import { thread } from '../shared/shared.ts';
import { afterReading, timeLimit, type TimeLimit } from '../node/time-limit.ts';
import { callersClock, realClock, type Clock } from '../node/timers.ts';
import type { AbortKind } from '../wire/messages/requests.ts';
import { runningTask, TaskHandle, type TaskHost } from './current.ts';
import { deadlineError, timeoutError } from './interruptions.ts';
import type { RunOptions } from './options.ts';
import type { TaskRecord } from './registry.ts';

/** Runs a task that was called inside another one: on this thread, with no copy, seeing what its caller sees. */
export async function runHere(record: TaskRecord, args: readonly unknown[], options: RunOptions): Promise<unknown> {
  const limits = limitsOf(record, options);
  const refusal = reasonToStop(limits, record.name, 'called');
  if (refusal !== undefined) throw refusal.reason;
  const handle = new TaskHandle(`${outerId()}${record.name}`, record.name, limits.deadline, limits.due, hostOf(limits, options));
  const stopped = stopPromise(limits, record.name, handle);
  try {
    const fn = record.fn!;
    // A scope of its own: what the task enters with `enterWith` must not stay with its caller.
    const run = () => new AsyncResource('offloop.InnerTask').runInAsyncScope(() => runningTask.run(handle, () => fn(...args)));
    const result = inContext(options.context, limits.deadline === undefined ? run : () => enterDeadline(limits.deadline ?? 0, run));
    return await (stopped === undefined ? result : Promise.race([result, stopped.promise]));
  } catch (error) {
    // What was told of a limit when it looked, before the limit's timer could run, throws for that reason.
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
  /** Of the timeout, once the task runs. */
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
    // The outer task's own holds, whatever has become of this thread's `Date` meanwhile.
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

/** `a/b`: b was called by a. */
function outerId(): string {
  const outer = runningTask.getStore();
  return outer === undefined ? '' : `${outer.id}/`;
}

function hostOf(limits: Limits, { onProgress }: RunOptions): TaskHost {
  return {
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

/** In an object, since the caller may have aborted with any value. */
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

/** Node reads `signal` and others from it, inherited ones too. */
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
  // The task may settle first; its caller then never looks at this one.
  promise.catch(() => undefined);
  return { promise, release };
}

/** @returns what ends it */
function watch(limits: Limits, stop: (kind: AbortKind) => void): () => void {
  const { signal, clock, due, timeout } = limits;
  const onAbort = (): void => { stop('abort'); };
  // The task may have ended in time, and only this thread be late in seeing it.
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
