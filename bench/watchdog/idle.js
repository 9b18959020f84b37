// node --expose-gc idle.js watched|alone, forked: sends the memory of a process that has done what every service does, in MB.
import { setTimeout as sleep } from 'node:timers/promises';

import { liveOrdinarily } from './ordinary-life.js';

if (process.argv[2] === 'watched') {
  // What is loaded takes memory, too.
  const { startWatchdog } = await import('offloop/watchdog');
  await startWatchdog().ready();
}
await liveOrdinarily();
await sleep(500);
globalThis.gc();
await sleep(100);
globalThis.gc();
const { rss, heapUsed } = process.memoryUsage();
process.send({ rss: rss / 2 ** 20, heapUsed: heapUsed / 2 ** 20 });
