import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { lightDocuments } from './documents/index.js';

const REQUESTS = 24;

/**
 * Sends requests all at once, each with its own ids and order number, and reads the log lines that the workers write
 * meanwhile. A line belongs to its request when it shows that request's ids beside that request's order.
 *
 * @param {{ url: string, stdout: import('node:stream').Readable }} server
 */
export async function traceRequests({ url, stdout }) {
  const requests = Array.from({ length: REQUESTS }, (_, i) => makeRequest(i));
  const lines = readLines(stdout, REQUESTS);
  await Promise.all(requests.map((request) => send(url, request)));
  const written = await lines;
  return { requests, lines: written, matching: requests.filter((request) => written.some(belongsTo(request))).length };
}

function makeRequest(i) {
  return { requestId: `checkout-${i + 1}`, traceId: randomBytes(16).toString('hex'), order: `PO-2026-${90_001 + i}` };
}

async function readLines(stream, count) {
  const lines = [];
  for await (const line of createInterface({ input: stream, signal: AbortSignal.timeout(5000) })) {
    lines.push(line);
    if (lines.length === count) break;
  }
  return lines;
}

async function send(url, { requestId, traceId, order }) {
  const [document] = lightDocuments();
  const response = await fetch(`${url}/validate`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-request-id': requestId,
      traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
    },
    body: JSON.stringify({ ...document, number: order }),
  });
  if (!response.ok) throw new Error(`Expected 200, got ${response.status}: ${await response.text()}`);
}

function belongsTo({ requestId, traceId, order }) {
  return (line) => {
    const entry = JSON.parse(line);
    return entry.order === order && entry.requestId === requestId && entry.traceId === traceId && entry.thread > 0;
  };
}
