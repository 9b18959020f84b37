// node flood.js '<options of the pool>' '{ flood, rounds, warmUpMs, ms }', forked: sends how long the calls of one tenant take, one at a
// time, while another tenant keeps `flood` calls waiting.
import { createPool } from 'offloop';

import { median, quantile } from '../measure.js';
import compute from '../tasks/compute.js';
import task from '../tasks/offloaded/compute.js';
import { requestStore } from '../tasks/tenant-store.js';
import { poolOptions } from './keyed-pool.js';

const [options, settings] = process.argv.slice(2);
const { flood, rounds, warmUpMs, ms } = JSON.parse(settings);
const pool = createPool(poolOptions(JSON.parse(options)));
const expected = compute(rounds);
let isOver = false;
let done = 0;

const flooding = requestStore.run({ tenant: 'large' }, () => Array.from({ length: flood }, callAgain));
await requestStore.run({ tenant: 'small' }, times, warmUpMs);
const [before, startedAt] = [done, performance.now()];
const measured = await requestStore.run({ tenant: 'small' }, times, ms);
const seconds = (performance.now() - startedAt) / 1000;
isOver = true;
process.send({ p50: median(measured), p99: quantile(measured, 0.99), floodPerSecond: (done - before) / seconds, n: measured.length });
await Promise.all(flooding);

async function callAgain() {
  for (; !isOver; done++) await call();
}

async function times(ms) {
  const measured = [];
  for (const startedAt = performance.now(); performance.now() - startedAt < ms;) {
    const calledAt = performance.now();
    await call();
    measured.push(performance.now() - calledAt);
  }
  return measured;
}

async function call() {
  const result = await pool.run(task, [rounds]);
  if (result !== expected) throw new Error(`Expected ${expected}, got ${result}`);
}
