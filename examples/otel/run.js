// Starts a collector and the server, sends one request, and prints the trace that arrived in the collector.
import { startCollector } from './collector.js';
import { treeOf } from './tree.js';

const collector = await startCollector();
process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
const { listen, close } = await import('./server.js');

const response = await fetch(`${await listen()}/primes?below=2000000`, { headers: { connection: 'close' } });
const { count, traceId } = await response.json();
await close();
collector.close();

console.log(`${count} primes, trace ${traceId}`);
console.log(treeOf(collector.spans.filter((span) => span.traceId === traceId)).join('\n'));
