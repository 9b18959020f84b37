// node --expose-gc idle.js watched|alone, forked: sends the memory, in MB, of a process after the usual activity of a service.
import { setTimeout as sleep } from 'node:timers/promises';

import { liveOrdinarily } from './ordinary-life.js';

if (process.argv[2] === 'watched') {
  // The import is part of the measurement: loaded modules take memory, too.
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
