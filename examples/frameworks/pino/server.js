// node server.js [port]
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { requestStore } from './context.js';
import { log } from './log.js';
import { primesBelow } from './primes.js';

const server = createServer((request, response) => {
  const { 'x-request-id': requestId = randomUUID(), 'x-user': user } = request.headers;
  requestStore.run({ requestId, user }, answer, request, response);
});

async function answer(request, response) {
  const limit = Number(request.url.split('/').at(-1));
  const count = await primesBelow(limit);
  log.info({ limit }, 'answered');
  response.end(JSON.stringify({ count }));
}

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  log.info({ url: `http://127.0.0.1:${server.address().port}` }, 'listening');
});
