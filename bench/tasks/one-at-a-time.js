// node one-at-a-time.js tinypool|offloop|carrying: prints the median time of a call, in microseconds.
import { fileURLToPath } from 'node:url';

import { createPool } from 'offloop';
import { Tinypool } from 'tinypool';

import { median } from '../measure.js';
import { increment } from './increment.js';
import { requestStore, traceStore } from './stores.js';

const kinds = { tinypool, offloop, carrying };
const { call, end } = kinds[process.argv[2]]();
await times(3000);
console.log(median(await times(5000)));
await end();

async function times(count) {
  const measured = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const result = await call(i);
    measured.push((performance.now() - start) * 1000);
    if (result !== i + 1) throw new Error(`Expected ${i + 1}, got ${result}.`);
  }
  return measured;
}

function tinypool() {
  const pool = new Tinypool({ filename: fileURLToPath(new URL('./bare-increment.js', import.meta.url)), minThreads: 1, maxThreads: 1 });
  return { call: (i) => pool.run(i), end: () => pool.destroy() };
}

function offloop() {
  const pool = createPool({ maxThreads: 1 });
  return { call: (i) => pool.run(increment, [i]), end: () => pool.close() };
}

function carrying() {
  const { call, end } = offloop();
  const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
  return { call: (i) => requestStore.run({ requestId: `request-${i}`, user: 'u-17' }, () => traceStore.run(trace, () => call(i))), end };
}
