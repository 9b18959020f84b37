// node threads.js '{ niceness, heavy, light: { threads, rounds, perSecond? }, warmUpMs, ms, seed }', forked, on Linux: sends how much
// CPU heavy threads of this niceness get beside light threads, and what the light threads do.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { quantile } from '../measure.js';

const { niceness, heavy, light, warmUpMs, ms, seed } = JSON.parse(process.argv[2]);
const stop = new Int32Array(new SharedArrayBuffer(4));
const heavyThreads = await startThreads(heavy, {});
const lightThreads = await startThreads(light.threads, { rounds: light.rounds, perSecond: light.perSecond });
// The whole bench may run with a niceness of its own.
for (const { tid } of heavyThreads) os.setPriority(tid, Math.min(19, os.getPriority(tid) + niceness));

const ended = [...heavyThreads, ...lightThreads].map(({ worker }) => once(worker, 'message'));
for (const { worker } of [...heavyThreads, ...lightThreads]) worker.postMessage('start');
await sleep(warmUpMs);
const before = usage();
await sleep(ms);
const used = since(before);
Atomics.store(stop, 0, 1);
Atomics.notify(stop, 0);
const latencies = (await Promise.all(ended)).flatMap(([measured]) => measured);
process.send({
  share: used.heavyCpu / (used.heavyCpu + used.lightCpu),
  wall: used.wall,
  heavyCpu: used.heavyCpu / heavy,
  lightCores: used.lightCpu / used.wall,
  lightPerSecond: used.lightDone / (used.wall / 1000),
  lightP99: latencies.length > 0 ? quantile(latencies, 0.99) : undefined,
});

/** In ms, since the threads started. */
function usage() {
  return { wall: performance.now(), heavyCpu: cpuOf(heavyThreads), lightCpu: cpuOf(lightThreads), lightDone: sum(lightThreads.map(({ done }) => Atomics.load(done, 0))) };
}

function since(before) {
  return Object.fromEntries(Object.entries(usage()).map(([name, value]) => [name, value - before[name]]));
}

function startThreads(count, work) {
  return Promise.all(Array.from({ length: count }, async (_, i) => {
    const done = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: { rounds: 1_000_000, ...work, seed: seed + i, done, stop } });
    const [tid] = await once(worker, 'message');
    return { worker, tid, done };
  }));
}

function cpuOf(threads) {
  return sum(threads.map(({ tid }) => Number(readFileSync(`/proc/self/task/${tid}/schedstat`, 'utf8').split(' ')[0]) / 1e6));
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
