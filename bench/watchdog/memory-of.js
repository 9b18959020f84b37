// node --expose-gc memory-of.js '<candidate>', forked: sends what the process takes with the candidate started, in MB.
import { setTimeout as sleep } from 'node:timers/promises';

import { candidates } from './candidates.js';

await candidates[process.argv[2]]();
await sleep(500);
globalThis.gc();
const { rss, heapUsed } = process.memoryUsage();
process.send({ rss: rss / 2 ** 20, heapUsed: heapUsed / 2 ** 20 }, () => process.exit());
