// node callers.js '<pool>' '{ threads, callers, heavy, light: { rounds, bytes }, large: { rounds, slices, sliceMs, bytes }, warmUpMs, ms }',
// forked: sends what the light callers and the heavy callers get, if each caller calls again after its response.
import { setTimeout as sleep } from 'node:timers/promises';

import { mean, quantile } from '../measure.js';
import { startPool } from '../peers/index.js';
import review from '../tasks/review.js';

const [pool, settings] = process.argv.slice(2);
const { threads, callers, heavy, light, large, warmUpMs, ms } = JSON.parse(settings);
const { run } = await startPool(pool, { task: 'review', threads });
const counter = new Int32Array(new SharedArrayBuffer(4));
const documents = { light: documentOf(light), large: { ...documentOf(large), counter } };
const expected = { light: review(documentOf(light)), large: review(documentOf(large)) };
const calls = [];
let isOver = false;

const all = Promise.all(Array.from({ length: callers }, (_, caller) => callAgain(caller < heavy ? 'large' : 'light')));
await Promise.race([all, sleep(warmUpMs)]);
const before = { at: performance.now(), cpu: process.cpuUsage(), slices: Atomics.load(counter, 0) };
await Promise.race([all, sleep(ms)]);
const after = { at: performance.now(), cpu: process.cpuUsage(before.cpu), slices: Atomics.load(counter, 0) };
isOver = true;
process.send(measured(after.at - before.at));

async function callAgain(kind) {
  while (!isOver) {
    const call = { kind, startedAt: performance.now(), endedAt: Infinity };
    calls.push(call);
    const result = await run(documents[kind]);
    call.endedAt = performance.now();
    if (result !== expected[kind]) throw new Error(`Expected ${expected[kind]}, got ${result}`);
  }
}

function measured(wallMs) {
  const counted = calls.filter(({ kind, endedAt }) => kind === 'light' && endedAt > before.at);
  // A call that still waits counts with the time that it has waited so far.
  const latencies = counted.map(({ startedAt, endedAt }) => Math.min(endedAt, after.at) - startedAt);
  const heavyMs = (after.slices - before.slices) * large.sliceMs;
  return {
    lightPerSecond: counted.filter(({ endedAt }) => endedAt <= after.at).length / (wallMs / 1000),
    lightMean: mean(latencies),
    lightP99: quantile(latencies, 0.99),
    heavyPerSecond: heavyMs / (large.slices * large.sliceMs) / (wallMs / 1000),
    // The length of a slice is an estimate.
    heavyShare: Math.min(1, heavyMs / ((after.cpu.user + after.cpu.system) / 1000)),
  };
}

function documentOf({ rounds, slices, bytes }) {
  return { rounds, slices, text: 'x'.repeat(bytes) };
}
