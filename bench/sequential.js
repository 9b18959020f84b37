import { fileURLToPath } from 'node:url';

import { createPool } from 'offloop';
import { Tinypool } from 'tinypool';

import { interleave, median, ratio, round2 } from './measure.js';
import { increment } from './tasks/increment.js';
import { requestStore, traceStore } from './tasks/stores.js';

const CALLS = 2000;

/**
 * What one task costs when the next is called only after it: the price of the hop, as a single request pays it.
 * The same function on one thread each, p50 of a round's calls.
 */
export async function sequential({ rounds }) {
  const bare = new Tinypool({ filename: fileURLToPath(new URL('./tasks/bare-increment.js', import.meta.url)), minThreads: 1, maxThreads: 1 });
  const pool = createPool({ maxThreads: 1 });
  const candidates = {
    'tinypool, nothing carried': () => p50((i) => bare.run(i)),
    'offloop, nothing carried': () => p50((i) => pool.run(increment, [i])),
    'offloop, two stores': () => p50((i) => inRequest(i, () => pool.run(increment, [i]))),
  };
  await interleave(candidates, 3);
  const measured = await interleave(candidates, rounds);
  await Promise.all([bare.destroy(), pool.close()]);
  return answer(measured);
}

function inRequest(i, fn) {
  return requestStore.run({ requestId: `request-${i}`, user: 'u-17' }, () => traceStore.run({ traceId: `4bf92f3577b34da6a3ce929d0e0e${i}`, spanId: '00f067aa0ba902b7' }, fn));
}

async function p50(call) {
  const times = [];
  for (let i = 0; i < CALLS; i++) {
    const start = performance.now();
    const result = await call(i);
    times.push(performance.now() - start);
    if (result !== i + 1) throw new Error(`Expected ${i + 1}, got ${result}.`);
  }
  return median(times) * 1000;
}

function answer(measured) {
  const [base] = Object.values(measured);
  const rows = Object.entries(measured).map(([candidate, values]) => ({ candidate, 'p50 µs': round2(median(values)), ratio: ratio(values, base) }));
  const two = rows.at(-1).ratio;
  return {
    question: 'What does one task cost over bare tinypool, one call at a time?',
    rows: rows.map(({ ratio: { median: middle, from, to }, ...row }) => ({ ...row, ratio: middle, 'middle half': `${from} to ${to}` })),
    limit: 1.3,
    isMet: two.median <= 1.3,
    verdict: `With two stores a task costs ${two.median} times bare tinypool's p50 (${two.from} to ${two.to}); at most 1.3 is wanted.`,
  };
}
