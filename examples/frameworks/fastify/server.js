// node server.js [port]
import { fastifyRequestContext } from '@fastify/request-context';
import fastify from 'fastify';
import { log } from './log.js';
import { primesBelow } from './primes.js';

const app = fastify({ requestIdHeader: 'x-request-id' });

await app.register(fastifyRequestContext, {
  // The header stands for the user that your authentication finds.
  defaultStoreValues: (request) => ({ requestId: request.id, user: request.headers['x-user'], request }),
});

app.get('/primes/:limit', async (request) => {
  const limit = Number(request.params.limit);
  const count = await primesBelow(limit);
  log('answered', { limit });
  return { count };
});

const url = await app.listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0) });
console.log(JSON.stringify({ url }));
