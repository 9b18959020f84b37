import { metrics, trace } from '@opentelemetry/api';

import { stores } from '../../context/carry.ts';
import { beforeWorkerEnds } from '../../task/ending.ts';
import { declareTrace, TRACE } from './carry-trace.ts';

/*
 * What a worker loads before the first task that brings a trace.
 */

// A module of the user's may have done it here, with options of its own.
if (!stores.has(TRACE)) {
  const query = new URL(import.meta.url).searchParams;
  declareTrace(JSON.parse(query.get('baggage') ?? '[]') as string[], Number(query.get('maxBytes') ?? 8192));
}

beforeWorkerEnds(async () => {
  await Promise.all([flush(tracerProvider()), flush(metrics.getMeterProvider())]);
});

async function flush(provider: unknown): Promise<void> {
  await (provider as { forceFlush?(): Promise<void> }).forceFlush?.();
}

/** The SDK's own, behind the one that the API hands out before an SDK is there. */
function tracerProvider(): unknown {
  const provider = trace.getTracerProvider() as { getDelegate?(): unknown };
  return provider.getDelegate?.() ?? provider;
}
