// node --expose-gc idle-workers.js <workers>, forked: sends the resident memory, in MB, of a process whose pool has so many idle workers.
import { setTimeout as sleep } from 'node:timers/promises';

import { createPool } from 'offloop';

import review from '../tasks/offloaded/review.js';

const workers = Number(process.argv[2]);
const pool = createPool({ minThreads: workers, maxThreads: workers });
const document = { rounds: 20_000_000, text: 'x'.repeat(1000) };
// Calls that are long enough for every worker to get some.
await Promise.all(Array.from({ length: 4 * workers }, () => pool.run(review, [document])));
const { idle, busy } = pool.stats().workers;
if (idle + busy !== workers) throw new Error(`Expected ${workers} workers, got ${idle} idle and ${busy} busy ones`);
await sleep(300);
globalThis.gc();
await sleep(100);
process.send(process.memoryUsage.rss() / 2 ** 20);
