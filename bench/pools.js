import { ask } from './child.js';
import { interleave, median } from './measure.js';

/**
 * Each measurement is a process of its own: a scheduler leaves a thread on the core where it has put it, and a compiler
 * leaves code as it has made it for the one that came first.
 *
 * @param {string} script of ./processes, which is told the candidate and the settings, and sends what it measured
 * @param {string[]} candidates
 * @param {object} settings the same ones for all candidates of a round
 */
export function measurePools(script, candidates, settings, rounds) {
  const measure = (name) => () => ask(`processes/${script}`, [name, JSON.stringify(settings)]);
  return interleave(Object.fromEntries(candidates.map((name) => [name, measure(name)])), rounds);
}

/**
 * How long to call trivial tasks before they are counted. Compilers need it: half a second after its start offloop does about
 * 60 % of what it does after two, and the others about 85 %.
 */
export function throughput(isQuick) {
  return isQuick ? { warmUpMs: 250, ms: 150 } : { warmUpMs: 2000, ms: 1000 };
}

/** The other pool that does best: not in every round, which would be luck, but in the middle of them. */
export function bestPeer(measured, pick = Math.max) {
  const middles = Object.entries(measured).filter(([name]) => name !== 'offloop').map(([name, values]) => [name, median(values)]);
  const best = pick(...middles.map(([, middle]) => middle));
  return middles.find(([, middle]) => middle === best)[0];
}
