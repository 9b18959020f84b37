// node server.js [port]
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { contextStorage } from 'hono/context-storage';
import { requestId } from 'hono/request-id';
import { log } from './log.js';
import { primesBelow } from './primes.js';

const app = new Hono();

app.use(contextStorage(), requestId(), async (c, next) => {
  // The header stands for the user that your authentication finds.
  c.set('user', c.req.header('x-user'));
  await next();
});

app.get('/primes/:limit', async (c) => {
  const limit = Number(c.req.param('limit'));
  const count = await primesBelow(limit);
  log('answered', { limit });
  return c.json({ count });
});

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.argv[2] ?? 0) }, ({ port }) => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
});
