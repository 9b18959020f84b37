import { answer, claimOf } from './answer.js';
import { roundsPerMs } from './calibrate.js';
import { ask } from './child.js';
import { interleave, median, pick, rounded, rowsOf } from './measure.js';
import { patient } from './peers/index.js';

const SHORT_MS = 0.02;
const LONG_MS = 30;
/** One in so many is long. */
const LONG_EVERY = 100;
const THREADS = 2;
const LOAD = 0.5;
/** poolifier's idle workers look for tasks of others, and wait for ever longer, until Node warns of it. */
const QUIET = { execArgv: ['--disable-warning=TimeoutOverflowWarning'] };
const candidates = ['offloop', ...patient, 'tinypool, 128 at once'];

/**
 * Short tasks with now and then a long one among them, which come when they come: an open loop, at half of what the threads
 * can do. A call's time counts from when it was due, so that a pool which holds the callers up too is not spared for it
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
    // How late the load generator itself was: it shares the thread with the pool.
    'ms, p99 of the lag': rounded(median(lags[row.candidate])),
  }));
  return answer('How long do short tasks wait when one in a hundred is long?', rows, [
    claimOf(rows[0], { what: 'tasks of 20 µs, 1 in 100 of 30 ms, at half load: p99 of the short ones', than: 'bare tinypool', atMost: 1.2 }),
  ]);
}

function secondsOf(isQuick) {
  return isQuick ? { warmUpSeconds: 0.3, seconds: 0.7 } : { warmUpSeconds: 0.4, seconds: 2.1 };
}

/** Each time with the next seed, which is that of the round. */
function measurer(name, settings) {
  let seed = 0;
  return () => ask('processes/mixed.js', [name, JSON.stringify({ ...settings, seed: ++seed })], QUIET);
}
