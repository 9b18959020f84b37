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

/** The median and the middle half of the values, as a table shows them. */
export function spread(values, digits) {
  const [middle, from, to] = [0.5, 0.25, 0.75].map((q) => Number(quantile(values, q).toFixed(digits)));
  return { median: middle, 'middle half': `${from} to ${to}` };
}

export function round2(value) {
  return Math.round(value * 100) / 100;
}
