import autocannon from 'autocannon';

import { ask, start } from '../child.js';
import { interleave, median, spread } from '../measure.js';
import { candidates } from './candidates.js';

/** Enough that the server never waits for its clients. */
const CONNECTIONS = 64;
const PIPELINED = 4;
const UNTIL_STOPPED = 3600;

const workloads = { 'await-heavy loop': measureLoop, 'HTTP server': measureServer };

/** What costs a half shows soon; what costs a hundredth is looked for in the noise of the machine. */
const PAIRS = { nothing: 8, 'offloop watchdog': 8, 'blocked-at': 4, 'Debugger left on': 6 };
const ROUNDS = 3;
/**
 * So long that what the start leaves behind counts for little: in slices of 250 ms an idle worker thread, too, seemed to cost
 * 2 %. Of the others a fraction is left, whatever they leave behind.
 */
const SLICE_MS = { nothing: 1500, 'offloop watchdog': 1500, 'blocked-at': 250, 'Debugger left on': 250 };

/** What is left of the throughput, for each workload and candidate: the ratios of all pairs of all processes. */
export async function throughput({ isQuick }) {
  const rows = [];
  for (const [workload, measure] of Object.entries(workloads)) {
    const measured = await interleave(mapNames((name) => measure(name, slicesOf(name, isQuick))), isQuick ? 1 : ROUNDS);
    for (const [name, processes] of Object.entries(measured)) rows.push(row(workload, name, processes.flat()));
  }
  return rows;
}

function slicesOf(name, isQuick) {
  return isQuick ? { pairs: 4, ms: 100, warmUpMs: 200 } : { pairs: PAIRS[name], ms: SLICE_MS[name], warmUpMs: 1500 };
}

function row(workload, candidate, pairs) {
  const without = Math.round(median(pairs.map(({ off }) => off)));
  return { measured: `${workload}, with / without`, candidate, unit: '×', ...spread(pairs.map(({ on, off }) => on / off), 3), n: pairs.length, 'without, per s': without };
}

async function measureLoop(candidate, slices) {
  const { pairs } = await ask('watchdog/await-heavy.js', [candidate, JSON.stringify(slices)]);
  return pairs;
}

async function measureServer(candidate, slices) {
  const { child, next, stop } = start('watchdog/http-server.js', [candidate, JSON.stringify(slices)]);
  try {
    const { url } = await next();
    const load = autocannon({ url, connections: CONNECTIONS, pipelining: PIPELINED, duration: UNTIL_STOPPED });
    child.send('measure');
    const { pairs, utilization } = await next().finally(() => load.stop());
    expectAnswers(await load, utilization);
    return pairs;
  } finally {
    await stop();
  }
}

function expectAnswers({ non2xx, errors }, utilization) {
  if (non2xx + errors > 0) throw new Error(`Expected every request to be answered with 200, got ${non2xx} others and ${errors} errors`);
  // A server that waits for its clients hides what slows it down.
  if (utilization < 0.9) console.warn(`The clients kept the server only ${Math.round(utilization * 100)} % busy.`);
}

function mapNames(measure) {
  return Object.fromEntries(Object.keys(candidates).map((name) => [name, () => measure(name)]));
}
