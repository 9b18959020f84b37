// A thread of threads.js: it computes as fast as it can, or as much as arrives, and writes what it did into shared memory.
import { readlinkSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

import { randomFrom } from '../processes/random.js';
import compute from '../tasks/compute.js';

const { rounds, perSecond, seed, done, stop } = workerData;
const expected = compute(rounds);
const latencies = [];

// The link says "<process>/task/<thread>".
parentPort.postMessage(Number(readlinkSync('/proc/thread-self').split('/').at(-1)));
parentPort.once('message', () => {
  if (perSecond === undefined) computeAlways();
  else computeArrivals();
  parentPort.postMessage(latencies);
});

function computeAlways() {
  while (Atomics.load(stop, 0) === 0) computeOnce();
}

/** Tasks arrive as from independent callers; the thread sleeps while there is none. */
function computeArrivals() {
  const random = randomFrom(seed);
  for (let due = performance.now(); Atomics.load(stop, 0) === 0; due += -Math.log(1 - random()) / perSecond * 1000) {
    const early = due - performance.now();
    if (early > 0) Atomics.wait(stop, 0, 0, early);
    computeOnce();
    latencies.push(performance.now() - due);
  }
}

function computeOnce() {
  if (compute(rounds) !== expected) throw new Error('A task computed something else');
  Atomics.add(done, 0, 1);
}
