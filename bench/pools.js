import { ask } from './child.js';
import { interleave, median } from './measure.js';

/**
 * Each measurement is a process of its own: a scheduler leaves a thread on the core on which it started, and a compiler keeps
 * code as it compiled it for the first candidate.
 *
 * @param {string} script in ./processes, which gets the candidate and the settings, and sends its measurement
 * @param {string[]} candidates
 * @param {object} settings the same for all candidates of a round
 */
export function measurePools(script, candidates, settings, rounds) {
  const measure = (name) => () => ask(`processes/${script}`, [name, JSON.stringify(settings)]);
  return interleave(Object.fromEntries(candidates.map((name) => [name, measure(name)])), rounds);
}

/**
 * How long trivial tasks run before the measurement. Compilers need this time: half a second after its start, offloop reaches
 * about 60 % of its throughput after two seconds, and the other pools about 85 %.
 */
export function throughput(isQuick) {
  return isQuick ? { warmUpMs: 250, ms: 150 } : { warmUpMs: 2000, ms: 1000 };
}

/** The best of the other pools, by its median: the best of each round would be luck. */
export function bestPeer(measured, pick = Math.max) {
  const middles = Object.entries(measured).filter(([name]) => name !== 'offloop').map(([name, values]) => [name, median(values)]);
  const best = pick(...middles.map(([, middle]) => middle));
  return middles.find(([, middle]) => middle === best)[0];
}
