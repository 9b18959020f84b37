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

/** Its name in a carrier. */
export const TRACE = 'offloop.trace';

/**
 * Has the active OpenTelemetry context travel with every task: the trace's ids and flags, its tracestate (W3C Trace Context), and
 * chosen entries of the baggage. In the worker it is the active context before the task's function is called, for `capture()` and
 * `restore()` likewise. Call it once, anywhere: each worker declares the same by itself, with these options. A later call replaces
 * the options.
 *
 * Where OpenTelemetry keeps no context, as in a worker without an SDK, a warning says so once (OFFLOOP_NO_OTEL_CONTEXT), and
 * `currentTrace()` has the ids all the same. Before a worker ends, the global tracer and meter providers
 * are flushed there, in each one that a trace has reached or that loads `offloop/otel`.
 *
 * @returns for `createPool({ context: [...] })` and `capture({ only: [...] })`
 * @throws OptionError (OFFLOOP_OPTION). A call whose trace is larger than `maxBytes` rejects with ContextTooLargeError
 * (OFFLOOP_CONTEXT_TOO_LARGE).
 */
export function carryTrace(options: CarryTraceOptions = {}): Carried<Context> {
  const { baggage = [], maxBytes = 8192 } = checkOptions<CarryTraceOptions>('carryTrace()', options, { baggage: rules.strings, maxBytes: rules.positiveInteger });
  return declareTrace(baggage, maxBytes);
}

/** Each worker applies the same limits to what arrives: it reads them from the query of the module's URL. */
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
