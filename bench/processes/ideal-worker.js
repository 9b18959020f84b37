import { parentPort, workerData } from 'node:worker_threads';

import compute from '../tasks/compute.js';

const { rounds } = workerData;
const expected = compute(rounds);

parentPort.on('message', (tasks) => {
  for (let i = 0; i < tasks; i++) {
    if (compute(rounds) !== expected) throw new Error('A task computed something else');
  }
  parentPort.postMessage('done');
});
