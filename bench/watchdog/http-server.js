// node http-server.js '<candidate>' '<slices as JSON>', forked: sends its URL and, when asked, how many requests a second it answers, in pairs.
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { requestStore } from '../tasks/stores.js';
import { candidates } from './candidates.js';
import { measurePairs } from './pairs.js';

const [candidate, slices] = process.argv.slice(2);
let answered = 0;
const server = http.createServer((request, response) => {
  requestStore.run({ requestId: `r-${answered}`, user: 'u-17' }, answer, request, response);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

process.send({ url: `http://127.0.0.1:${server.address().port}/orders/4711` });
await once(process, 'message');
const idleBefore = performance.eventLoopUtilization();
const pairs = await measurePairs(candidates[candidate], rateOver, JSON.parse(slices));
process.send({ pairs, utilization: performance.eventLoopUtilization(idleBefore).utilization });

async function answer(request, response) {
  const order = await find(request.url.split('/').at(-1));
  const body = JSON.stringify({ ...order, requestId: requestStore.getStore().requestId });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
  answered += 1;
}

async function find(id) {
  await null;
  return { id, currency: 'EUR', lines: [{ sku: 'HX-1009-BK', quantity: 12, unitPrice: 18.4 }, { sku: 'CB-2240-WH', quantity: 3, unitPrice: 4.15 }] };
}

async function rateOver(ms) {
  const [startedAt, before] = [performance.now(), answered];
  await sleep(ms);
  return (answered - before) / ((performance.now() - startedAt) / 1000);
}
