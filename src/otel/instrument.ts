import { tracingChannel } from 'node:diagnostics_channel';

import { context, INVALID_SPAN_CONTEXT, metrics, trace, type Context, type MeterProvider, type Span, type Tracer, type TracerProvider } from '@opentelemetry/api';

import { epochNow, now } from '../node/clock.ts';
import { stores } from '../context/stores/registry.ts';
import { describe } from '../validation/describe.ts';
import { OptionError } from '../errors.ts';
import { checkOptions, rules } from '../validation/options.ts';
import type { Pool } from '../pool/types.ts';
import { tracedCalls, type TaskTrace, type TracedCall } from '../pool/calls/trace.ts';
import { shared } from '../shared/shared.ts';
import { carryTrace, TRACE } from './carry-trace.ts';
import { errorType, fail } from './failure.ts';
import { callMetrics, observePools, type CallMetrics, type CallTimes } from './metrics.ts';
import { settings } from './store.ts';
import { isSuppressed, runKey } from './wire.ts';

export interface InstrumentOptions {
  /** Default: the global one. */
  tracerProvider?: TracerProvider;
  /** Default: the global one, which must have been set before: the API has no stand-in for a later one. */
  meterProvider?: MeterProvider;
}

const instrumented = shared('otel instrumented', () => new Set<Pool | 'all'>());

/**
 * Makes spans and metrics of every call on a pool, or on all pools of this thread, the default one and later ones included.
 *
 * Spans: `offload NAME` for the call, a child of the caller's span; beneath it `wait NAME` for the call's time in the queue, and `run NAME`
 * for the task's function. The worker makes `run NAME`, which needs an SDK there; spans that the task makes are its children. Without
 * an SDK the first two remain. Where the worker is ended while the task runs, `run NAME` is lost, and `offload NAME` has the error.
 *
 * Metrics: histograms in seconds, `offloop.call.duration` of each call until it has settled, and its parts `offloop.task.wait_time` in
 * the queue and `offloop.task.duration` in the function, and `offloop.task.cpu_time` on a CPU, which the span `offload NAME` has, too,
 * where the system tells it; for each pool `offloop.queue.size`, `offloop.queue.max`,
 * `offloop.worker.count` by state, `offloop.worker.max`, `offloop.worker.started`, `offloop.worker.crashed`, `offloop.worker.replaced`.
 *
 * `instrument()` calls `carryTrace()` unless you have. A pool whose `context` is a list must have the result of `carryTrace()` in it.
 *
 * @returns a function that ends the instrumentation; calls that are under way still get their spans
 * @throws OptionError (OFFLOOP_OPTION), also where the pool is instrumented already
 */
export function instrument(pool: Pool | 'all', options: InstrumentOptions = {}): () => void {
  const { tracerProvider, meterProvider } = checkOptions<InstrumentOptions>('instrument()', options, { tracerProvider: rules.record, meterProvider: rules.record });
  assertPool(pool);
  if (!stores.has(TRACE)) carryTrace();
  const meter = (meterProvider ?? metrics.getMeterProvider()).getMeter('offloop');
  const tracer = (tracerProvider ?? trace.getTracerProvider()).getTracer('offloop');
  const unobserve = observePools(meter, pool);
  const untrace = traceCalls(pool, tracer, callMetrics(meter));
  instrumented.add(pool);
  return () => {
    instrumented.delete(pool);
    unobserve();
    untrace();
  };
}

function assertPool(pool: Pool | 'all'): void {
  const isPool = typeof (pool as Partial<Pool> | null)?.stats === 'function';
  if (pool !== 'all' && !isPool) throw new OptionError(`instrument(): expected a pool or 'all', got ${describe(pool)}.`);
  const isTwice = instrumented.has(pool) || instrumented.has('all') || (pool === 'all' && instrumented.size > 0);
  if (isTwice) throw new OptionError('instrument(): the pool is instrumented already, and its calls would be counted twice. Call the function that instrument() returned first.');
}

/** A call that is under way. */
interface OpenCall {
  readonly span: Span;
  /** The caller's context with that span. */
  readonly within: Context;
  /** Epoch ms, and the same moment on the monotonic clock. */
  readonly calledAt: number;
  readonly startedAt: number;
  readonly outer: Context | undefined;
}

function traceCalls(pool: Pool | 'all', tracer: Tracer, recorder: CallMetrics): () => void {
  const channel = tracingChannel<unknown, TaskTrace>('offloop:task');
  const open = new Map<TaskTrace, OpenCall>();
  const settled = { asyncStart: (message: TaskTrace) => { settle(message); } };
  const started = {
    start(message: TaskTrace) {
      if (pool === 'all' || tracedCalls.get(message)?.pool === pool) open.set(message, begin(tracer, message));
    },
    /** The stores have been encoded. */
    end(message: TaskTrace) {
      const call = open.get(message);
      if (call !== undefined) settings.calling = call.outer;
    },
  };
  let isOn = true;
  channel.subscribe(started as never);
  channel.subscribe(settled as never);

  function settle(message: TaskTrace): void {
    const call = open.get(message);
    const known = tracedCalls.get(message);
    if (call === undefined || known === undefined) return;
    open.delete(message);
    finish(tracer, message, call, known, recorder);
    if (!isOn && open.size === 0) channel.unsubscribe(settled as never);
  }

  return () => {
    if (!isOn) return;
    isOn = false;
    channel.unsubscribe(started as never);
    if (open.size === 0) channel.unsubscribe(settled as never);
  };
}

function begin(tracer: Tracer, { id, name, pool }: TaskTrace): OpenCall {
  const caller = context.active();
  const attributes = { 'offloop.task.name': name, 'offloop.task.id': id, 'offloop.pool.name': pool, 'code.function.name': name };
  // Where tracing is suppressed an SDK makes no span; another tracer provider may.
  const span = isSuppressed(caller) ? trace.wrapSpanContext(INVALID_SPAN_CONTEXT) : tracer.startSpan(`offload ${name}`, { attributes }, caller);
  const within = trace.setSpan(caller, span);
  const call = { span, within, calledAt: epochNow(), startedAt: now(), outer: settings.calling };
  settings.calling = within.setValue(runKey, name);
  return call;
}

function finish(tracer: Tracer, message: TaskTrace, call: OpenCall, { isAdmitted, waitMs, runMs, cpuMs }: TracedCall, recorder: CallMetrics): void {
  const { span, within, calledAt, startedAt } = call;
  const { name, pool, error } = message;
  const hasFailed = Object.hasOwn(message, 'error');
  const totalMs = now() - startedAt;
  const times: CallTimes = {
    totalMs,
    waitMs: waitMs ?? (isAdmitted ? totalMs : undefined),
    // Where the worker was ended, the end of the function is unknown.
    runMs: runMs ?? (waitMs === undefined ? undefined : totalMs - waitMs),
    cpuMs,
  };
  if (times.waitMs !== undefined && span.isRecording()) tracer.startSpan(`wait ${name}`, { startTime: calledAt }, within).end(calledAt + times.waitMs);
  if (cpuMs !== undefined) span.setAttribute('offloop.task.cpu_time', cpuMs / 1000);
  if (hasFailed) fail(span, error);
  span.end();
  recorder.record({ 'offloop.pool.name': pool, 'offloop.task.name': name }, times, hasFailed ? errorType(error) : undefined);
}
