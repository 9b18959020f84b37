// Plays each fault with tinypool alone, for comparison: node test/faults/tinypool.js [--json]
// A faulty task runs beside an innocent task, and another innocent task waits behind them.
import { writeSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

import { Tinypool } from 'tinypool';

/** A call that has not settled by then never does. */
const LIMIT_MS = 1500;
const filename = new URL('../fixtures/tinypool-tasks.js', import.meta.url).href;

const faults = {
  'throws an error with a code': {},
  'throws null': {},
  'returns what cannot be cloned': {},
  'throws what cannot be cloned': {},
  'takes what cannot be cloned': { argument: () => 'a function' },
  'takes what cannot be cloned, after it has waited': { argument: () => 'a function', waits: true },
  'process.exit()': {},
  'throws from a timer': {},
  'leaves a rejection': {},
  'runs out of memory': { pool: { resourceLimits: { maxOldGenerationSizeMb: 16 } } },
  'is killed': { pool: { runtime: 'child_process' } },
  'is in a module that throws when it is loaded': { run: { filename: new URL('../fixtures/throws-on-import.js', import.meta.url).href } },
  'backtracks for ever': {},
  'spins for ever': {},
  'spins for ever, aborted': { aborts: true },
  'waits, aborted': { aborts: true },
  'throws from a timer, beside others on its worker': { shares: true },
  'returns what cannot be cloned, beside others on its worker': { shares: true },
  'waits, aborted, beside others on its worker': { shares: true, aborts: true },
};

// This process must not end because of an error that tinypool lets through.
process.on('uncaughtException', () => {});
process.on('unhandledRejection', () => {});

const rows = [];
for (const [fault, options] of Object.entries(faults)) rows.push(await tryOut(fault, options));
const table = Object.fromEntries(rows);
if (process.argv.includes('--json')) writeSync(1, JSON.stringify(table));
else console.table(table);
process.exit();

async function tryOut(fault, { argument, aborts = false, waits = false, shares = false, pool: poolOptions = {}, run = {} }) {
  const threads = shares ? 1 : 2;
  const pool = new Tinypool({ filename, minThreads: threads, maxThreads: threads, concurrentTasksPerWorker: shares ? 3 : 1, ...poolOptions });
  await Promise.all([1, 2].map(() => answerOf(pool.run({ does: 'waits a little' }))));
  const controller = new AbortController();
  const options = { ...run, ...(aborts && { signal: controller.signal }) };
  const innocent = answerOf(pool.run({ does: 'waits a little' }));
  if (waits) void answerOf(pool.run({ does: 'waits a little' }));
  const culprit = answerOf(pool.run({ does: fault.split(',')[0], argument }, options));
  const behind = answerOf(pool.run({ does: 'returns' }));
  if (aborts) setTimeout(() => controller.abort('the reason'), 50);
  const row = { culprit: await culprit, 'beside it': await innocent, 'behind it': await behind, afterwards: poolOptions.runtime === undefined ? await capacityOf(pool, threads) : await answersOf(pool, threads) };
  await Promise.race([pool.destroy().catch(() => {}), after(LIMIT_MS)]);
  return [fault, row];
}

/** How many of the threads respond when all of them have a task, and no task ends before all have begun. */
async function capacityOf(pool, threads) {
  const cells = new Int32Array(new SharedArrayBuffer(4));
  const answers = await Promise.all(Array.from({ length: threads }, () => answerOf(pool.run({ does: 'meets', argument: { cells, threads } }))));
  return `${answers.filter((answer) => answer === 'resolves: met').length} of ${threads} threads work`;
}

/** Processes share no memory by which their tasks could meet. */
async function answersOf(pool, processes) {
  const answers = await Promise.all(Array.from({ length: processes }, () => answerOf(pool.run({ does: 'waits a little' }))));
  return `${answers.filter((answer) => answer === 'resolves: a value').length} of ${processes} tasks are answered`;
}

function answerOf(promise) {
  const settled = promise.then((value) => `resolves: ${value}`, (error) => `rejects: ${describe(error)}`);
  return Promise.race([settled, after(LIMIT_MS, 'never settles')]);
}

function describe(error) {
  if (!(error instanceof Error)) return String(error);
  const code = error.code === undefined ? '' : ` (code ${error.code})`;
  return `${error.name}: ${error.message.slice(0, 60)}${code}`;
}
