import { calibrate } from '../examples/demo/calibrate.js';
import { log } from '../examples/demo/log.js';
import { runLoad, startServer } from '../examples/demo/processes.js';
import { answer } from './answer.js';
import { interleave, ratio, spread } from './measure.js';

const CONNECTIONS = 100;
/** How many of the connections send heavy requests. */
const COUNTS = [1, 4, 8];
const columns = {
  inline: { variant: 'inline', hasHeavy: true },
  offloaded: { variant: 'offloaded', hasHeavy: true },
  // The best that any pool could reach.
  'no heavy request': { variant: 'inline', hasHeavy: false },
};
const measures = {
  mean: { unit: 'ms', digits: 1, of: ({ light }) => light.mean },
  p99: { unit: 'ms', digits: 1, of: ({ light }) => light.p99 },
  throughput: { unit: '/s', digits: 0, of: ({ light }) => light.perSecond },
  errors: { unit: '', digits: 0, of: ({ light }) => light.errors },
  timeouts: { unit: '', digits: 0, of: ({ light }) => light.timeouts },
  'health check p99': { unit: 'ms', digits: 1, of: ({ health }) => health.p99 },
};

/** The demo's service and load: how far a few heavy requests slow down the light ones, inline and offloaded. */
export async function article({ isQuick }) {
  log.level = 'silent';
  const { blankLines } = calibrate();
  const load = { 'blank-lines': blankLines, ...(isQuick ? { seconds: 4, 'warm-up': 1 } : { seconds: 12, 'warm-up': 3 }) };
  const byHeavy = new Map();
  for (const heavy of isQuick ? [1] : COUNTS) byHeavy.set(heavy, await measureColumns(heavy, load, isQuick ? 1 : 3));
  const rows = [...byHeavy].flatMap(([heavy, results]) => rowsOf(heavy, results));
  return answer('What do heavy requests among 100 connections do to the light ones?', rows, [...claims(byHeavy.get(1)), ...healthClaims(byHeavy)]);
}

function measureColumns(heavy, load, rounds) {
  const measure = ({ variant, hasHeavy }) => () => run(variant, { ...load, light: CONNECTIONS - heavy, heavy: hasHeavy ? heavy : 0 });
  return interleave(Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, measure(column)])), rounds);
}

async function run(variant, load) {
  const server = await startServer(variant, 'warn');
  return runLoad(server.url, load).finally(server.stop);
}

function rowsOf(heavy, results) {
  return Object.entries(measures).flatMap(([name, { unit, digits, of }]) => Object.entries(results).map(([candidate, values]) => {
    const { median, 'middle half': half } = spread(values.map(of), digits);
    return { measured: `${heavy} heavy of ${CONNECTIONS}: ${name}`, candidate, unit, median, 'middle half': half };
  }));
}

function claims({ inline, offloaded, 'no heavy request': limit }) {
  const failed = Math.max(...offloaded.map(({ light: { errors, timeouts } }) => errors + timeouts));
  return [
    claim('light requests, 1 heavy connection of 100: throughput', measures.throughput, offloaded, inline, { than: 'inline', atLeast: 100 }),
    claim('the same: mean latency, how many times shorter', measures.mean, inline, offloaded, { than: 'shorter than inline', atLeast: 100 }),
    claim('the same: p99 latency, how many times shorter', measures.p99, inline, offloaded, { than: 'shorter than inline', atLeast: 90 }),
    claim('the same: p99 latency, over no heavy request at all', measures.p99, offloaded, limit, { than: 'the limit', atMost: 2 }),
    { what: 'the same: errors and timeouts', value: failed, unit: 'failed', atMost: 0 },
  ];
}

function healthClaims(byHeavy) {
  const { of, unit, digits } = measures['health check p99'];
  return [...byHeavy].map(([heavy, { offloaded }]) => {
    const { median, 'middle half': half } = spread(offloaded.map(of), digits);
    return { what: `health check p99, ${heavy} heavy of ${CONNECTIONS}`, value: median, unit, 'middle half': half, atMost: 60 };
  });
}

function claim(what, { of }, results, base, limit) {
  const { median, from, to } = ratio(results.map(of), base.map(of));
  return { what, value: median, unit: '×', 'middle half': `${from} to ${to}`, ...limit };
}
