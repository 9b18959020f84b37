import { ratio } from '../measure.js';
import { bestPeer } from './measure.js';

/** @param {Map<number, Awaited<ReturnType<import('./measure.js').measureHeavy>>>} byHeavy */
export function claimsOf(byHeavy, memory) {
  const [few, many] = [byHeavy.get(1), byHeavy.get(8)];
  const rates = ([{ sent }]) => sent.map(({ lightPerSecond }) => lightPerSecond);
  const best = bestPeer(many);
  return [
    claim('light tasks a second among 8 heavy callers of 100', rates(many), rates([best]), { than: `${best.candidate}, ${best.threads} threads`, atLeast: 20 }),
    claim('the same, over the rate among 1 heavy caller', rates(many), rates(few), { than: 'of the rate', atLeast: 0.3 }),
    { what: 'memory of a spare worker', unit: memory.unit, value: memory.median, 'middle half': memory['middle half'], atMost: 15 },
  ];
}

function claim(what, values, base, limit) {
  const { median, from, to } = ratio(values, base);
  return { what, value: median, unit: '×', 'middle half': `${from} to ${to}`, ...limit };
}
