import { context } from '@opentelemetry/api';

import { bare } from './store.ts';
import { spanContextOf } from './wire.ts';

/** The ids of a trace, as in its `traceparent`. */
export interface CurrentTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The active span, in 16 hexadecimal digits. */
  readonly spanId: string;
  /** 1: the trace is sampled. */
  readonly traceFlags: number;
}

/**
 * The trace that is active here, for log lines. In a worker that has no SDK this is the carried trace.
 * @returns undefined where no trace is active
 */
export function currentTrace(): CurrentTrace | undefined {
  const carried = bare.getStore();
  const span = spanContextOf(context.active()) ?? (carried && spanContextOf(carried));
  return span && { traceId: span.traceId, spanId: span.spanId, traceFlags: span.traceFlags };
}
