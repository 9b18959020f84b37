import type { Context } from '@opentelemetry/api';

import { declareStore } from '../context/carry.ts';
import type { Carried } from '../context/stores/store-record.ts';
import { checkOptions, rules } from '../validation/options.ts';
import { settings, traceStore } from './store.ts';
import { fromWire, toWire } from './wire.ts';

export interface CarryTraceOptions {
  /** The keys of the baggage that travel; all others stay here. Default: none. */
  baggage?: readonly string[];
  /** The largest encoded size in bytes of UTF-8, checked on both sides before anything is read. Default 8192. */
  maxBytes?: number;
}

/** The trace's name in a carrier. */
export const TRACE = 'offloop.trace';

/**
 * Carries the active OpenTelemetry context with every task: the trace's ids and flags, its tracestate (W3C Trace Context), and
 * chosen entries of the baggage. In the worker that context is active before the task's function is called. `capture()` and `restore()`
 * carry it likewise. Call `carryTrace()` once, anywhere: each worker declares the same by itself, with these options. A later call
 * replaces the options.
 *
 * Where OpenTelemetry keeps no context, as in a worker without an SDK, a process warning says so once (OFFLOOP_NO_OTEL_CONTEXT), and
 * `currentTrace()` has the ids all the same. Before a worker ends, its global tracer and meter providers are flushed, in each worker
 * that a trace has reached or that loads `offloop/otel`.
 *
 * @returns for `createPool({ context: [...] })` and `capture({ only: [...] })`
 * @throws OptionError (OFFLOOP_OPTION). A call whose trace is larger than `maxBytes` rejects with ContextTooLargeError
 * (OFFLOOP_CONTEXT_TOO_LARGE).
 */
export function carryTrace(options: CarryTraceOptions = {}): Carried<Context> {
  const { baggage = [], maxBytes = 8192 } = checkOptions<CarryTraceOptions>('carryTrace()', options, { baggage: rules.strings, maxBytes: rules.positiveInteger });
  return declareTrace(baggage, maxBytes);
}

/** Each worker applies the same limits to a trace that arrives: the worker reads the limits from the query of the module's URL. */
export function declareTrace(baggage: readonly string[], maxBytes: number): Carried<Context> {
  const allowed = new Set(baggage);
  settings.allowed = allowed;
  const module = new URL('./otel-worker.js', import.meta.url);
  module.search = new URLSearchParams({ baggage: JSON.stringify(baggage), maxBytes: String(maxBytes) }).toString();
  const carried: Carried<unknown> = declareStore({
    name: TRACE,
    module: module.href,
    ref: module,
    store: traceStore,
    sensitive: false,
    isRunOnly: true,
    pick: undefined,
    encode: (ctx) => toWire(ctx as Context, allowed),
    decode: (wire) => fromWire(wire, allowed),
    schema: undefined,
    maxBytes,
  });
  return carried as Carried<Context>;
}
