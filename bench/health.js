import { answer } from './answer.js';
import { roundsPerCpuMs } from './calibrate.js';
import { start } from './child.js';
import { makeCgroup } from './health/cgroup.js';
import { probe } from './health/probe.js';
import { interleave, quantile, spread } from './measure.js';

const HEAVY = 8;
const HEAVY_MS = 400;
const EVERY_MS = 10;
const LIMIT_MS = 60;
const pools = { offloop: {}, 'offloop, maxThreads: 8': { maxThreads: 8 } };
const figures = {
  'health check p99': { unit: 'ms', digits: 1, of: ({ p99 }) => p99 },
  'heavy tasks a second': { unit: '/s', digits: 2, of: ({ heavyPerSecond }) => heavyPerSecond },
};

/**
 * The health check of a process whose pool is busy with heavy tasks, on the plain machine and with a quota of 1 CPU. A quota stops all
 * threads of the process when it is used up, the main thread, too: threads that share it use it up sooner.
 */
export async function health({ isQuick }) {
  const settings = { rounds: Math.round(await roundsPerCpuMs() * HEAVY_MS), ...(isQuick ? { warmUpMs: 200, ms: 300 } : { warmUpMs: 1500, ms: 6000 }) };
  const rounds = isQuick ? 1 : 3;
  const measured = { plain: await measurePools(settings, rounds) };
  const cgroup = makeCgroup(1);
  if (cgroup === undefined) console.warn('A cgroup cannot be made here: nothing is measured under a quota.');
  else measured['a quota of 1 CPU'] = await measurePools(settings, rounds, cgroup.fork).finally(cgroup.remove);
  const rows = Object.entries(measured).flatMap(([where, sent]) => rowsOf(where, sent));
  return answer(`How soon does the health check answer beside ${HEAVY} heavy callers?`, rows, claims(rows));
}

function measurePools(settings, rounds, fork) {
  return interleave(Object.fromEntries(Object.entries(pools).map(([name, options]) => [name, () => measure(options, settings, fork)])), rounds);
}

async function measure(options, { rounds, warmUpMs, ms }, fork) {
  const { child, next, stop } = start('health/server.js', [JSON.stringify(options), JSON.stringify({ heavy: HEAVY, rounds })], fork);
  const heavyDone = () => (child.send('done?'), next());
  try {
    const url = await next();
    await probe(url, { everyMs: EVERY_MS, ms: warmUpMs });
    const [before, startedAt] = [await heavyDone(), performance.now()];
    const latencies = await probe(url, { everyMs: EVERY_MS, ms });
    return { p99: quantile(latencies, 0.99), heavyPerSecond: (await heavyDone() - before) / ((performance.now() - startedAt) / 1000) };
  } finally {
    await stop();
  }
}

function rowsOf(where, sent) {
  return Object.entries(figures).flatMap(([figure, { unit, digits, of }]) => Object.entries(sent).map(([candidate, values]) => {
    const { median, 'middle half': half } = spread(values.map(of), digits);
    return { measured: `${where}: ${figure}`, candidate, unit, median, 'middle half': half };
  }));
}

function claims(rows) {
  return rows.filter(({ measured, candidate }) => measured.endsWith('p99') && candidate === 'offloop').map(({ measured, unit, median, 'middle half': half }) => (
    { what: `beside ${HEAVY} heavy callers, ${measured}`, value: median, unit, 'middle half': half, atMost: LIMIT_MS }
  ));
}
