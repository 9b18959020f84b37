// Sets OpenTelemetry up in each thread that loads this module: the server imports it, the pool's workers preload it.
import { threadId } from 'node:worker_threads';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const marksThread = {
  onStart: (span) => { span.setAttribute('thread.id', threadId); },
  onEnd() {},
  async forceFlush() {},
  async shutdown() {},
};

// The exporter sends to OTEL_EXPORTER_OTLP_ENDPOINT.
export const provider = new NodeTracerProvider({ spanProcessors: [marksThread, new BatchSpanProcessor(new OTLPTraceExporter())] });
provider.register();
