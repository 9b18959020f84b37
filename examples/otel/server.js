// node server.js [port]
import { once } from 'node:events';
import { createServer } from 'node:http';
import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { createPool } from 'offloop';
import { instrument } from 'offloop/otel';
import { primesBelow } from './primes.js';
import { provider } from './tracing.js';

const pool = createPool({ name: 'primes', preload: [new URL('./tracing.js', import.meta.url)] });
instrument(pool);

const server = createServer((request, response) => {
  // An instrumentation of your framework does this for you.
  const caller = propagation.extract(context.active(), request.headers);
  trace.getTracer('server').startActiveSpan('GET /primes', { kind: SpanKind.SERVER }, caller, async (span) => {
    const count = await pool.run(primesBelow, [Number(new URL(request.url, 'http://localhost').searchParams.get('below'))]);
    response.end(JSON.stringify({ count, traceId: span.spanContext().traceId }));
    span.end();
  });
});

/** @param {number} [port] */
export async function listen(port = 0) {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

/** Closes the pool first: its workers send their last spans when they end. */
export async function close() {
  server.close();
  await pool.close();
  await provider.shutdown();
}

if (process.argv[1] === import.meta.filename) {
  console.log(await listen(Number(process.argv[2] ?? 0)));
  process.once('SIGINT', close).once('SIGTERM', close);
}
