import { SpanStatusCode, type Span } from '@opentelemetry/api';

import { describe } from '../validation/describe.ts';

/** Marks a span as failed, by https://opentelemetry.io/docs/specs/semconv/general/recording-errors/. */
export function fail(span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : describe(error);
  span.setAttribute('error.type', errorType(error));
  span.recordException(error instanceof Error ? error : message);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** A value of low cardinality: the error's code, or its class. */
export function errorType(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  if (typeof code === 'string' && code !== '') return code;
  return error instanceof Error ? error.name : '_OTHER';
}
