import autocannon from 'autocannon';

import { ask, start } from '../child.js';
import { interleave, median, spread } from '../measure.js';
import { candidates } from './candidates.js';

/** Enough connections that the server never waits for its clients. */
const CONNECTIONS = 64;
const PIPELINED = 4;
const UNTIL_STOPPED = 3600;

const workloads = { 'await-heavy loop': measureLoop, 'HTTP server': measureServer };

/** A candidate that costs a half needs few pairs; a candidate that costs a hundredth needs many, because of the machine's noise. */
const PAIRS = { nothing: 8, 'offloop watchdog': 8, 'blocked-at': 4, 'Debugger left on': 6 };
const ROUNDS = 3;
/**
 * Slices so long that the after-effects of a start count for little: in slices of 250 ms, even an idle worker thread seemed to
 * cost 2 %. The other candidates leave only a fraction of the throughput, so that after-effects do not matter.
 */
const SLICE_MS = { nothing: 1500, 'offloop watchdog': 1500, 'blocked-at': 250, 'Debugger left on': 250 };

/** The remaining throughput, for each workload and candidate: the ratios of all pairs of all processes. */
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
  // A server that waits for its clients would hide the cost of the candidate.
  if (utilization < 0.9) console.warn(`The clients kept the server only ${Math.round(utilization * 100)} % busy.`);
}

function mapNames(measure) {
  return Object.fromEntries(Object.keys(candidates).map((name) => [name, () => measure(name)]));
}
