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

/** The other pool that does best: not in every round, which would be luck, but in the middle of them. */
export function bestPeer(measured, pick = Math.max) {
  const middles = Object.entries(measured).filter(([name]) => name !== 'offloop').map(([name, values]) => [name, median(values)]);
  const best = pick(...middles.map(([, middle]) => middle));
  return middles.find(([, middle]) => middle === best)[0];
}
