import { answer, claimOf } from './answer.js';
import { roundsPerCpuMs } from './calibrate.js';
import { ask } from './child.js';
import { interleave, median, pick, rounded, rowsOf, seeded } from './measure.js';

const LIGHT_MS = 0.2;
const HEAVY_MS = 200;
/** Every so many tasks, one is heavy. */
const HEAVY_EVERY = 100;
const THREADS = 2;
const LOAD = 0.3;
const candidates = ['offloop, defaults', 'offloop, spareThreads: 0', 'tinypool'];

/**
 * Light tasks with a heavy one among them now and then, at random times, and far from overload: light ones wait only where heavy ones
 * came in a row. The process of mixed.js sends them; only the run time tells the two kinds apart, not the size of their arguments.
 */
export async function rare({ isQuick }) {
  const perMs = await roundsPerCpuMs();
  const perSecond = LOAD * THREADS * 1000 / (LIGHT_MS + (HEAVY_MS - LIGHT_MS) / HEAVY_EVERY);
  const settings = { short: Math.round(perMs * LIGHT_MS), long: Math.round(perMs * HEAVY_MS), longEvery: HEAVY_EVERY, perSecond, ...secondsOf(isQuick) };
  const sent = await interleave(Object.fromEntries(candidates.map((name) => [name, measurer(name, settings)])), isQuick ? 1 : 7);
  const lags = pick(sent, 'lagP99');
  const rows = rowsOf(pick(sent, 'p99'), 'tinypool', 'ms, p99').map((row) => ({ ...row, 'ms, p99 of the lag': rounded(median(lags[row.candidate])) }));
  return answer('How long do light tasks wait at 30 % load when one in a hundred is heavy?', rows, [
    claimOf(rows[0], { what: 'tasks of 0.2 ms, 1 in 100 of 200 ms, at 30 % load: p99 of the short ones', than: 'bare tinypool', atMost: 0.5 }),
  ]);
}

function secondsOf(isQuick) {
  return isQuick ? { warmUpSeconds: 0.3, seconds: 0.7 } : { warmUpSeconds: 1, seconds: 5 };
}

function measurer(name, settings) {
  return seeded((seed) => ask('processes/mixed.js', [name, JSON.stringify({ ...settings, seed })]));
}
