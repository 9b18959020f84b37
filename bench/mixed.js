import { answer, claimOf } from './answer.js';
import { roundsPerMs } from './calibrate.js';
import { ask } from './child.js';
import { interleave, median, pick, rounded, rowsOf, seeded } from './measure.js';
import { patient, quiet } from './peers/index.js';

const SHORT_MS = 0.02;
const LONG_MS = 30;
/** One task in this many is long. */
const LONG_EVERY = 100;
const THREADS = 2;
const LOAD = 0.5;
const candidates = ['offloop', ...patient, 'tinypool, 128 at once'];

/**
 * Short tasks with a long task among them now and then, in an open loop: the calls arrive at random times, at half of the
 * threads' capacity. A call's time counts from when it was due, so a pool that delays its callers is charged for the delay
 * ("coordinated omission"). All candidates of a round get the same arrivals.
 */
export async function mixed({ isQuick }) {
  const perMs = await roundsPerMs();
  const perSecond = LOAD * THREADS * 1000 / (SHORT_MS + (LONG_MS - SHORT_MS) / LONG_EVERY);
  const settings = { short: Math.round(perMs * SHORT_MS), long: Math.round(perMs * LONG_MS), longEvery: LONG_EVERY, perSecond, ...secondsOf(isQuick) };
  const sent = await interleave(Object.fromEntries(candidates.map((name) => [name, measurer(name, settings)])), isQuick ? 1 : 7);
  const lags = pick(sent, 'lagP99');
  const rows = rowsOf(pick(sent, 'p99'), 'tinypool', 'ms, p99').map((row) => ({
    ...row,
    // The lag of the load generator itself, which shares the thread with the pool.
    'ms, p99 of the lag': rounded(median(lags[row.candidate])),
  }));
  return answer('How long do short tasks wait when one in a hundred is long?', rows, [
    claimOf(rows[0], { what: 'tasks of 20 µs, 1 in 100 of 30 ms, at half load: p99 of the short ones', than: 'bare tinypool', atMost: 1.2 }),
  ]);
}

function secondsOf(isQuick) {
  return isQuick ? { warmUpSeconds: 0.3, seconds: 0.7 } : { warmUpSeconds: 0.4, seconds: 2.1 };
}

function measurer(name, settings) {
  return seeded((seed) => ask('processes/mixed.js', [name, JSON.stringify({ ...settings, seed })], quiet));
}
