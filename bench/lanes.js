import { answer } from './answer.js';
import { roundsPerCpuMs } from './calibrate.js';
import { claimsOf } from './lanes/claims.js';
import { isOwn, measureHeavy } from './lanes/measure.js';
import { memoryPerWorker } from './lanes/memory.js';
import { spread } from './measure.js';

const CALLERS = 100;
const CORES = 2;
const LIGHT_MS = 0.2;
const SLICE_MS = 1;
const HEAVY_MS = 400;
const OWN_MS = 10_000;

const figures = {
  'light tasks a second': { unit: '/s', digits: 0, of: ({ lightPerSecond }) => lightPerSecond },
  'light tasks, p99': { unit: 'ms', digits: 1, of: ({ lightP99 }) => lightP99 },
  'heavy tasks a second': { unit: '/s', digits: 2, of: ({ heavyPerSecond }) => heavyPerSecond },
  'CPU of the heavy tasks': { unit: '%', digits: 0, of: ({ heavyShare }) => heavyShare * 100 },
};

/**
 * Light tasks among a few heavy ones, 100 callers in a closed loop. Light and heavy calls are calls of one task: only the size of their
 * document tells them apart, as in the demo's service.
 */
export async function lanes({ isQuick }) {
  const perMs = Math.round(await roundsPerCpuMs());
  const settings = {
    callers: CALLERS,
    light: { rounds: Math.round(perMs * LIGHT_MS), bytes: 1000 },
    large: { rounds: perMs * SLICE_MS, sliceMs: SLICE_MS, slices: (isQuick ? 40 : HEAVY_MS) / SLICE_MS, bytes: 63_000 },
  };
  const byHeavy = new Map();
  for (const heavy of isQuick ? [1, 8] : [1, 2, 4, 8]) byHeavy.set(heavy, await measureHeavy({ ...settings, heavy, ...slicesOf(heavy, isQuick) }, isQuick));
  const rows = [...byHeavy].flatMap(([heavy, measured]) => rowsOf(heavy, measured));
  rows.push(await memoryPerWorker(isQuick));
  return answer('What do heavy tasks leave to the light ones?', rows, claimsOf(byHeavy, rows.at(-1)));
}

/**
 * In plain order, the light calls run in a burst after all heavy ones have had their turn: only over whole rounds of the heavy ones is
 * the rate the same wherever the measurement begins. And the warm-up has to be long enough for every heavy caller to get its first result.
 * With offloop, a heavy call waits several times its own run time while light ones pass: the fewer heavy callers there are, the longer it
 * takes until several heavy calls have ended.
 */
function slicesOf(heavy, isQuick) {
  if (isQuick) return { warmUpMs: 300, ms: 500, ownMs: 500 };
  const roundMs = heavy * HEAVY_MS / CORES;
  const ms = Math.max(1600, 2 * roundMs);
  return { warmUpMs: Math.max(800, roundMs), ms, ownMs: Math.max(ms, OWN_MS / heavy) };
}

/** A row for each figure and pool, with the number of threads that was the best for that pool. */
function rowsOf(heavy, measured) {
  return Object.entries(figures).flatMap(([figure, { unit, digits, of }]) => measured.map(({ candidate, threads, sent }) => {
    const { median, 'middle half': half } = spread(sent.map(of), digits);
    return { measured: `${heavy} heavy of ${CALLERS}: ${figure}`, candidate, unit, median, 'middle half': half, ...(!isOwn(candidate) && { threads }) };
  }));
}
