import {
  baggageEntryMetadataFromString,
  createContextKey,
  createTraceState,
  INVALID_SPANID,
  INVALID_TRACEID,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type BaggageEntry,
  type Context,
  type SpanContext,
  type TraceState,
} from '@opentelemetry/api';

import { ownValues } from '../node/own-properties.ts';

/** The part of an OpenTelemetry context that travels. */
export interface TraceWire {
  /** In the form of the headers of https://www.w3.org/TR/trace-context/. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly baggage?: readonly BaggageMember[];
  /** The name of the task that gets a span of its own where it runs. */
  readonly run?: string;
}

type BaggageMember = readonly [key: string, value: string, metadata?: string];

/** Which keys of the baggage travel. */
type Allowed = ReadonlySet<string>;

/** In a context that is sent: the name of the task that gets a span where it runs. */
export const runKey = createContextKey('offloop.run');

/** The SDK's own key, which `suppressTracing()` of @opentelemetry/core sets. */
const suppressKey = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** Whether tracing is off in this context, as for an exporter's own requests. */
export function isSuppressed(ctx: Context): boolean {
  return ctx.getValue(suppressKey) === true;
}

/** Whether any part of the context would travel. */
export function hasWire(ctx: Context, allowed: Allowed): boolean {
  return !isSuppressed(ctx) && hasAny(ctx, allowed);
}

function hasAny(ctx: Context, allowed: Allowed): boolean {
  return spanContextOf(ctx) !== undefined || membersOf(ctx, allowed).length > 0;
}

/** Runs no regular expression, nor does `hasWire`: see `canCallAnything`. */
export function toWire(ctx: Context, allowed: Allowed): TraceWire {
  const span = spanContextOf(ctx);
  const tracestate = span?.traceState?.serialize();
  const baggage = membersOf(ctx, allowed);
  const run = ctx.getValue(runKey) as string | undefined;
  return {
    ...(span !== undefined && { traceparent: `00-${span.traceId}-${span.spanId}-${hex(span.traceFlags)}` }),
    ...(tracestate !== undefined && tracestate !== '' && { tracestate }),
    ...(baggage.length > 0 && { baggage }),
    ...(run !== undefined && { run }),
  };
}

/**
 * Reads a context from a message, which may hold anything: a part that cannot be read is ignored, by
 * https://www.w3.org/TR/trace-context/ and https://www.w3.org/TR/baggage/.
 */
export function fromWire(wire: unknown, allowed: Allowed): Context {
  const [traceparent, tracestate, baggage, run] = ownValues<keyof TraceWire>(wire, ['traceparent', 'tracestate', 'baggage', 'run']);
  const span = remoteSpan(traceparent, tracestate);
  let ctx = span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span);
  ctx = withBaggage(ctx, baggage, allowed);
  return typeof run === 'string' ? ctx.setValue(runKey, run) : ctx;
}

/**
 * The context's span, if it has ids. The API's own check uses regular expressions, and the watchdog reads stores while any code may be
 * on the stack: see `canCallAnything`.
 */
export function spanContextOf(ctx: Context): SpanContext | undefined {
  const span = trace.getSpanContext(ctx);
  return span !== undefined && isId(span.traceId, INVALID_TRACEID) && isId(span.spanId, INVALID_SPANID) ? span : undefined;
}

function isId(id: string, none: string): boolean {
  return id.length === none.length && id !== none;
}

function membersOf(ctx: Context, allowed: Allowed): BaggageMember[] {
  const entries = allowed.size === 0 ? undefined : propagation.getBaggage(ctx)?.getAllEntries();
  if (entries === undefined) return [];
  return entries.filter(([key]) => allowed.has(key)).map(([key, { value, metadata }]): BaggageMember => (
    metadata === undefined ? [key, value] : [key, value, metadata.toString()]
  ));
}

function withBaggage(ctx: Context, members: unknown, allowed: Allowed): Context {
  if (!Array.isArray(members)) return ctx;
  const entries: Record<string, BaggageEntry> = Object.create(null) as Record<string, BaggageEntry>;
  for (const [key, value, metadata] of members.filter(isMember)) {
    if (allowed.has(key)) entries[key] = metadata === undefined ? { value } : { value, metadata: baggageEntryMetadataFromString(metadata) };
  }
  return Object.keys(entries).length === 0 ? ctx : propagation.setBaggage(ctx, propagation.createBaggage(entries));
}

function isMember(member: unknown): member is BaggageMember {
  return Array.isArray(member) && (member.length === 2 || member.length === 3) && member.every((part) => typeof part === 'string');
}

/** A later version is read for the parts of the first version only; there is no version ff. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;

function remoteSpan(traceparent: unknown, tracestate: unknown): SpanContext | undefined {
  const found = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null;
  if (found === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = found;
  if (version === '00' && more !== undefined) return undefined;
  const traceFlags = Number.parseInt(flags, 16) & (version === '00' ? 0xFF : TraceFlags.SAMPLED);
  const span: SpanContext = { traceId, spanId, traceFlags, isRemote: true };
  if (!isSpanContextValid(span)) return undefined;
  const traceState = stateOf(tracestate);
  return traceState === undefined ? span : { ...span, traceState };
}

/** The whole tracestate, or undefined: the API would leave out the members that it cannot read. */
function stateOf(tracestate: unknown): TraceState | undefined {
  if (typeof tracestate !== 'string') return undefined;
  const state = createTraceState(tracestate);
  const members = tracestate.split(',').map((member) => member.trim()).filter((member) => member !== '');
  return members.length > 0 && state.serialize() === members.join(',') ? state : undefined;
}

function hex(flags: number): string {
  return flags.toString(16).padStart(2, '0');
}
