// node server.js [port]
import { randomUUID } from 'node:crypto';
import express from 'express';
import { requestStore } from './context.js';
import { log } from './log.js';
import { primesBelow } from './primes.js';

const app = express();

app.use((req, res, next) => {
  // The header stands for the user that your authentication finds.
  requestStore.run({ requestId: req.get('x-request-id') ?? randomUUID(), user: req.get('x-user'), req, res }, next);
});

app.get('/primes/:limit', async (req, res) => {
  const limit = Number(req.params.limit);
  const count = await primesBelow(limit);
  log('answered', { limit });
  res.json({ count });
});

const server = app.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
});
