// Calls a million tasks, one in a hundred of them faulty, and shows that no call is lost and that nothing is left behind:
//   npm run soak [-- --tasks 10000000 | --minutes 30] [--runtime processes]
import { parseArgs } from 'node:util';

import { createPool } from 'offloop';

import { AGING, call, faultNames, faultOf } from './calls.js';
import { print } from './report.js';
import { leaks, usage, usageComparedTo } from './usage.js';

const { values } = parseArgs({ options: { tasks: { type: 'string' }, minutes: { type: 'string' }, runtime: { type: 'string', default: 'threads' } } });
const minutes = Number(values.minutes ?? Infinity);
const tasks = Number(values.tasks ?? (values.minutes === undefined ? 1_000_000 : Infinity));
const WORKERS = 2;
const SPARES = 2;
/** How many callers at a time. */
const CALLERS = 400;
/** If no call settles for this long, calls are lost. */
const SILENCE_MS = 30_000;
/** Growth after this share of the calls is a leak. */
const WARM = 0.1;

const violations = [];
process.on('warning', ({ name, message }) => violations.push(`${name}: ${message}`));

const count = { calls: 0, settled: 0, faults: Object.fromEntries(faultNames.map((name) => [name, 0])) };

// These streams open with their first use, which is no leak.
void [process.stdout, process.stderr];

// Undefined until that phase is reached.
let warm, end, seconds;

const before = await usage();
const options = {
  ...{ runtime: values.runtime, minThreads: WORKERS, maxThreads: WORKERS, spareThreads: SPARES, agedAfter: 3, idleTimeout: 100, abortGrace: 5 },
  ...{ order: 'shortest-expected', fairBy: ({ args: [n] }) => (n % 5 === 0 ? undefined : `tenant ${n % 5}`) },
  ...{ maxTasksPerWorker: 2000, maxMemoryBeforeRecycle: 2 ** 26 },
};
const pool = createPool(options);
const startedAt = performance.now();
await callUntil(tasks * WARM, minutes * WARM);
warm = await usage();
await callUntil(tasks, minutes);
end = await usageComparedTo(warm);
seconds = (performance.now() - startedAt) / 1000;
violations.push(...leaks(warm, end).map((name) => `${name}: from ${warm[name]} after a tenth of the calls to ${end[name]}`));
await pool.close();
violations.push(...leaks(before, await usageComparedTo(before)).map((name) => `${name}: more after close() than before createPool()`));
for (let ms = 0; ms < 60; ms += 10) await closeWhileTasksAge(ms);
// Node 20 leaves files open when a worker is ended while it loads its modules.
const closed = process.version.startsWith('v20.') ? { ...before, descriptors: Infinity } : before;
violations.push(...leaks(closed, await usageComparedTo(closed)).map((name) => `${name}: more after pools were closed while tasks aged`));
finish();

/** Closes a pool of its own this many ms after tasks that age, and light ones behind them, were called: every call settles. */
async function closeWhileTasksAge(ms) {
  const closing = createPool(options);
  await call(closing, 0);
  const calls = Array.from({ length: AGING + 1 }, (_, n) => call(closing, n));
  await new Promise((resolve) => setTimeout(resolve, ms));
  await closing.close({ drain: false });
  const { queue, workers } = closing.stats();
  if (queue.waiting + workers.busy + workers.idle + workers.spares > 0) violations.push(`a closed pool has workers: ${JSON.stringify(workers)}`);
  violations.push(...(await Promise.all(calls)).filter((problem) => problem !== undefined && problem.error?.code !== 'OFFLOOP_POOL_CLOSED'));
}

/** Each caller calls again after its response. */
async function callUntil(calls, limit) {
  const deadline = startedAt + limit * 60_000;
  const caller = async () => {
    while (count.calls < calls && performance.now() < deadline) await callOnce(count.calls++);
  };
  const watch = watchSilence();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  await refill();
  clearInterval(watch);
}

async function callOnce(n) {
  const fault = faultOf(n);
  if (fault !== undefined) count.faults[fault]++;
  const problem = await call(pool, n);
  count.settled++;
  if (problem !== undefined) violations.push(problem);
  const { busy, idle, spares } = pool.stats().workers;
  if (spares > Math.min(busy, SPARES) || busy - spares > WORKERS || busy + idle > WORKERS + SPARES) violations.push(`${busy} workers are busy and ${idle} idle, and ${spares} are spares`);
}

function isWhole({ busy, idle, spares, lowered }) {
  return busy === 0 && idle === WORKERS && spares === 0 && lowered <= SPARES;
}

/** All workers exist, none is busy, and the spares have ended: the last faults may have left fewer workers. */
async function refill() {
  for (let isFull = false; !isFull; isFull = isWhole(pool.stats().workers)) {
    await Promise.all(Array.from({ length: WORKERS }, () => callOnce(count.calls++)));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function watchSilence() {
  let seen = -1;
  return setInterval(() => {
    if (seen === count.settled) finish();
    seen = count.settled;
  }, SILENCE_MS);
}

function finish() {
  const { tasks: { works }, queue, workers } = pool.stats();
  const lost = count.calls - count.settled;
  const failed = Object.values(count.faults).reduce((sum, n) => sum + n, 0);
  if (lost > 0) violations.push(`${lost} calls have not settled`);
  if (works.count !== count.calls || works.failed !== failed) violations.push(`the pool counts ${works.count} calls and ${works.failed} failed ones`);
  if (queue.waiting > 0 || workers.busy > 0 || workers.spares > 0) violations.push(`the pool has ${queue.waiting} calls waiting and ${workers.busy} workers busy`);
  print({ count, lost, failed, workers, seconds, warm, end, violations });
  process.exit(violations.length > 0 ? 1 : 0);
}
