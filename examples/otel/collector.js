import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/** Stands for your collector: takes spans by OTLP over HTTP, as JSON, and keeps them. */
export async function startCollector() {
  const spans = [];
  const server = createServer(async (request, response) => {
    const { resourceSpans } = await json(request);
    for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans.map(plainSpan));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}`, spans, close: () => server.close() };
}

function plainSpan({ name, traceId, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano, attributes }) {
  const [start, end] = [startTimeUnixNano, endTimeUnixNano].map(Number);
  const thread = Number(attributes.find(({ key }) => key === 'thread.id')?.value.intValue);
  return { name, traceId, spanId, parentSpanId, start, ms: (end - start) / 1e6, thread };
}
