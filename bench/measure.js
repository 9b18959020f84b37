/** The middle of the values: noise on a shared machine has long tails, and a mean follows them. */
export function median(values) {
  return quantile(values, 0.5);
}

function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

/**
 * Runs the candidates in turn, round after round and each round in another order, so that whatever else the machine does
 * meets them all alike.
 * @param {Record<string, () => number | Promise<number>>} candidates each measures itself once, in any unit
 * @returns {Promise<Record<string, number[]>>} what each measured, by round
 */
export async function interleave(candidates, rounds) {
  const names = Object.keys(candidates);
  const measured = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      measured[name].push(await candidates[name]());
    }
  }
  return measured;
}

/** The ratio of two candidates within each round: its median, and the middle half of the rounds. */
export function ratio(values, base) {
  const ratios = values.map((value, round) => value / base[round]);
  return { median: round2(median(ratios)), from: round2(quantile(ratios, 0.25)), to: round2(quantile(ratios, 0.75)) };
}

/** The median and the middle half of the values, and how sure that median is: it lies in the interval with 95 %, by their ranks alone. */
export function spread(values, digits) {
  const at = (q) => Number(quantile(values, Math.min(1, Math.max(0, q))).toFixed(digits));
  const margin = 0.98 / Math.sqrt(values.length);
  return { median: at(0.5), 'middle half': `${at(0.25)} to ${at(0.75)}`, 'median, 95 % sure': `${at(0.5 - margin)} to ${at(0.5 + margin)}` };
}

export function round2(value) {
  return Math.round(value * 100) / 100;
}
