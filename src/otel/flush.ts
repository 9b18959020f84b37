import { metrics, trace } from '@opentelemetry/api';

import { beforeWorkerEnds } from '../task/end-hooks.ts';

// For every worker that has loaded a part of offloop/otel; outside of workers the hook is never called.
beforeWorkerEnds(async () => {
  await Promise.all([flush(tracerProvider()), flush(metrics.getMeterProvider())]);
});

async function flush(provider: unknown): Promise<void> {
  await (provider as { forceFlush?(): Promise<void> }).forceFlush?.();
}

/** The SDK's provider, which stands behind the provider that the API hands out before an SDK is set up. */
function tracerProvider(): unknown {
  const provider = trace.getTracerProvider() as { getDelegate?(): unknown };
  return provider.getDelegate?.() ?? provider;
}
