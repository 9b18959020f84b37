// node server.js '<options of the pool>' '{ heavy, rounds }', forked: answers a health check while callers keep a pool busy with heavy
// tasks. Sends its URL and, when asked, how many heavy tasks have ended.
import { once } from 'node:events';
import http from 'node:http';

import { createPool } from 'offloop';

import compute from '../tasks/compute.js';
import task from '../tasks/offloaded/compute.js';

const [options, settings] = process.argv.slice(2);
const { heavy, rounds } = JSON.parse(settings);
const pool = createPool(JSON.parse(options));
const server = http.createServer((_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}'));
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const expected = compute(rounds);
let done = 0;
process.on('message', () => process.send(done));
process.send(`http://127.0.0.1:${server.address().port}/health`);
await Promise.all(Array.from({ length: heavy }, callAgain));

async function callAgain() {
  for (;; done++) {
    const result = await pool.run(task, [rounds]);
    if (result !== expected) throw new Error(`Expected ${expected}, got ${result}`);
  }
}
