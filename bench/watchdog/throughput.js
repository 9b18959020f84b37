import autocannon from 'autocannon';

import { interleave, median, spread } from '../measure.js';
import { candidates } from './candidates.js';
import { ask, start } from './child.js';

/** Enough that the server never waits for its clients. */
const CONNECTIONS = 64;
const UNTIL_STOPPED = 3600;

const workloads = { 'await-heavy loop': measureLoop, 'HTTP server': measureServer };

/** What is left of the throughput, for each workload and candidate: the ratios of all pairs of all processes. */
export async function throughput({ isQuick }) {
  const [rounds, slices] = isQuick ? [1, { pairs: 4, ms: 100, warmUpMs: 200 }] : [8, { pairs: 25, ms: 250, warmUpMs: 1000 }];
  const rows = [];
  for (const [workload, measure] of Object.entries(workloads)) {
    const measured = await interleave(mapNames((name) => measure(name, slices)), rounds);
    for (const [name, processes] of Object.entries(measured)) rows.push(row(workload, name, processes.flat()));
  }
  return rows;
}

function row(workload, candidate, pairs) {
  const ratios = pairs.map(({ on, off }) => on / off);
  return { question: `${workload}: throughput with / without`, candidate, ...spread(ratios, 3), unit: 'ratio', 'without, per second': Math.round(median(pairs.map(({ off }) => off))) };
}

async function measureLoop(candidate, slices) {
  const { pairs } = await ask('await-heavy.js', [candidate, JSON.stringify(slices)]);
  return pairs;
}

async function measureServer(candidate, slices) {
  const { child, next, stop } = start('http-server.js', [candidate, JSON.stringify(slices)]);
  const { url } = await next();
  const load = autocannon({ url, connections: CONNECTIONS, duration: UNTIL_STOPPED });
  child.send('measure');
  const { pairs, utilization } = await next().finally(() => load.stop());
  const { non2xx, errors } = await load;
  await stop();
  if (non2xx + errors > 0) throw new Error(`Expected every request to be answered with 200, got ${non2xx} others and ${errors} errors`);
  // A server that waits for its clients hides what it is slowed down by.
  if (utilization < 0.9) console.warn(`The clients kept the server only ${Math.round(utilization * 100)} % busy.`);
  return pairs;
}

function mapNames(measure) {
  return Object.fromEntries(Object.keys(candidates).map((name) => [name, () => measure(name)]));
}
