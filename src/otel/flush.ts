import { metrics, trace } from '@opentelemetry/api';

import { beforeWorkerEnds } from '../task/end-hooks.ts';

// In every worker that has loaded any of this; elsewhere it is never called.
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
