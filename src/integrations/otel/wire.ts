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
  type BaggageEntry,
  type Context,
  type SpanContext,
} from '@opentelemetry/api';

import { describe } from '../../describe.ts';
import { ownValues } from '../../own.ts';

/** What travels of an OpenTelemetry context. */
export interface TraceWire {
  /** As in the headers of https://www.w3.org/TR/trace-context/. */
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

/** Whether something of the context would travel. */
export function hasWire(ctx: Context, allowed: Allowed): boolean {
  return spanContextOf(ctx) !== undefined || membersOf(ctx, allowed).length > 0;
}

/** Like `hasWire`, it runs no regular expression. */
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

/** @throws Error where it is not what `toWire` wrote: it may come from a message */
export function fromWire(wire: TraceWire, allowed: Allowed): Context {
  const [traceparent, tracestate, baggage, run] = ownValues<keyof TraceWire>(wire, ['traceparent', 'tracestate', 'baggage', 'run']);
  let ctx = ROOT_CONTEXT;
  if (traceparent !== undefined) ctx = trace.setSpanContext(ctx, remoteSpan(traceparent, tracestate));
  if (baggage !== undefined) ctx = withBaggage(ctx, baggage, allowed);
  if (run === undefined) return ctx;
  if (typeof run !== 'string') throw new TypeError(`Expected a task's name, got ${describe(run)}`);
  return ctx.setValue(runKey, run);
}

/**
 * The one that is set, if it has ids. The API's own check takes regular expressions, and the watchdog reads stores in the middle
 * of anything: see `canCallAnything`.
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
  const entries: Record<string, BaggageEntry> = Object.create(null) as Record<string, BaggageEntry>;
  if (!Array.isArray(members)) throw new TypeError(`Expected the baggage to be an array, got ${describe(members)}`);
  for (const member of members as unknown[]) {
    if (!isMember(member)) throw new TypeError(`Expected a member of the baggage, got ${describe(member)}`);
    const [key, value, metadata] = member;
    if (allowed.has(key)) entries[key] = metadata === undefined ? { value } : { value, metadata: baggageEntryMetadataFromString(metadata) };
  }
  return Object.keys(entries).length === 0 ? ctx : propagation.setBaggage(ctx, propagation.createBaggage(entries));
}

function isMember(member: unknown): member is BaggageMember {
  return Array.isArray(member) && (member.length === 2 || member.length === 3) && member.every((part) => typeof part === 'string');
}

function remoteSpan(traceparent: unknown, tracestate: unknown): SpanContext {
  const [, traceId = '', spanId = '', flags = ''] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(String(traceparent)) ?? [];
  const span: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  if (!isSpanContextValid(span)) throw new TypeError(`Expected a traceparent, got ${describe(traceparent)}`);
  if (tracestate === undefined) return span;
  if (typeof tracestate !== 'string') throw new TypeError(`Expected a tracestate, got ${describe(tracestate)}`);
  return { ...span, traceState: createTraceState(tracestate) };
}

function hex(flags: number): string {
  return flags.toString(16).padStart(2, '0');
}
