import { ask } from '../child.js';
import { groupBy, interleave, median } from '../measure.js';
import { patient, quiet } from '../peers/index.js';

const THREADS = 2;
const own = { 'offloop': 'offloop, defaults', 'offloop, spareThreads: 0': 'offloop, spareThreads: 0' };
/** No pool knows how many of its callers are heavy; this one is told, to show what niceness and lanes add to enough threads. */
const TOLD = 'tinypool, told of the heavy ones';

/**
 * Measures all pools once, the other pools with 2 threads and with as many as offloop has together with its spares. Further rounds
 * compare offloop with the best of the others: each pool shows its better number of threads.
 *
 * @returns {Promise<{ candidate: string, threads: number, sent: object[] }[]>} offloop first, then each of the others at its best, and
 * last the one that is told
 */
export async function measureHeavy(settings, isQuick) {
  const [mine, others] = [ownCandidates(settings), peerCandidates(settings, isQuick)];
  const first = await measureAll([...mine, told(settings), ...others], 1);
  const best = bestOfEach(first.slice(mine.length + 1));
  const [bestOfAll] = best.toSorted((a, b) => rateOf(b) - rateOf(a));
  const again = [...first.slice(0, mine.length), bestOfAll];
  const further = await measureAll(again, isQuick ? 0 : 2);
  again.forEach((entry, i) => entry.sent.push(...further[i].sent));
  return [...first.slice(0, mine.length), ...best, first[mine.length]];
}

/** The best of the other pools, those that offloop is compared with. It took part in every round. */
export function bestPeer(measured) {
  const others = measured.filter(({ candidate }) => !isOwn(candidate) && candidate !== TOLD);
  return others.toSorted((a, b) => b.sent.length - a.sent.length || rateOf(b) - rateOf(a))[0];
}

function rateOf({ sent }) {
  return median(sent.map(({ lightPerSecond }) => lightPerSecond));
}

export function isOwn(candidate) {
  return candidate in own;
}

function ownCandidates(settings) {
  return Object.entries(own).map(([candidate, pool]) => ({ candidate, threads: THREADS, run: runner(pool, { ...settings, ms: settings.ownMs }) }));
}

function told(settings) {
  const threads = settings.heavy + THREADS;
  return { candidate: TOLD, threads, run: runner('tinypool', { ...settings, threads }) };
}

function peerCandidates(settings, isQuick) {
  const pools = isQuick ? patient.slice(0, 1) : patient;
  return pools.flatMap((candidate) => [THREADS, 2 * THREADS].map((threads) => ({ candidate, threads, run: runner(candidate, { ...settings, threads }) })));
}

function runner(pool, settings) {
  return () => ask('lanes/callers.js', [pool, JSON.stringify(settings)], quiet);
}

async function measureAll(candidates, rounds) {
  const measured = await interleave(Object.fromEntries(candidates.map(({ run }, i) => [i, run])), rounds);
  return candidates.map((candidate, i) => ({ ...candidate, sent: measured[i] }));
}

function bestOfEach(peers) {
  return [...groupBy(peers, ({ candidate }) => candidate).values()].map((variants) => variants.toSorted((a, b) => rateOf(b) - rateOf(a))[0]);
}
