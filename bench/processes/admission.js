// node admission.js offloop|tinypool '{ rounds, perSecond, deadlineMs?, warmUpMs, ms, seed }', forked: sends how many calls a second end in
// time, and how long the others wait until they are refused.
import { createPool } from 'offloop';

import { median } from '../measure.js';
import { startPool } from '../peers/index.js';
import compute from '../tasks/compute.js';
import task from '../tasks/offloaded/compute.js';
import { randomFrom } from './random.js';

const [pool, settings] = process.argv.slice(2);
const { rounds, perSecond, deadlineMs, warmUpMs, ms, seed } = JSON.parse(settings);
const run = await start(pool);
const expected = compute(rounds);
const random = randomFrom(seed);
const ended = { inTime: [], late: [], refused: [] };

const startedAt = performance.now();
for (let due = 0; due < warmUpMs + ms;) {
  for (; due <= performance.now() - startedAt; due += -Math.log(1 - random()) / perSecond * 1000) call(due);
  await new Promise((resolve) => setTimeout(resolve, 1));
}
process.send({
  inTimePerSecond: ended.inTime.filter(({ at }) => at > warmUpMs && at <= warmUpMs + ms).length / (ms / 1000),
  refusedAfter: ended.refused.length > 0 ? median(ended.refused.filter(({ at }) => at > warmUpMs).map(({ took }) => took)) : undefined,
  late: ended.late.length,
});

async function start(name) {
  if (name === 'offloop') {
    const pool = createPool({ minThreads: 2, maxThreads: 2 });
    return () => pool.run(task, [rounds], deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs });
  }
  const { run } = await startPool(name, { task: 'compute' });
  return () => run(rounds, { signal: AbortSignal.timeout(deadlineMs) });
}

async function call(due) {
  const how = await run().then(outcome(due), refusal);
  const at = performance.now() - startedAt;
  ended[how].push({ at, took: at - due });
}

function outcome(due) {
  return (result) => {
    if (result !== expected) throw new Error(`Expected ${expected}, got ${result}`);
    return performance.now() - startedAt - due <= (deadlineMs ?? Infinity) ? 'inTime' : 'late';
  };
}

/** tinypool ends the worker of a call that is aborted while it runs. */
function refusal(error) {
  if (error.code === 'OFFLOOP_DEADLINE' || /^(?:AbortError|TimeoutError)$/.test(error.name) || error.message === 'Terminating worker thread') return 'refused';
  throw error;
}
