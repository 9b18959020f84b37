/** The median of the values: noise on a shared machine has long tails, and a mean follows them. */
export function median(values) {
  return quantile(values, 0.5);
}

export function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Runs the candidates in turn, round after round and each round in another order, so that other work on the machine affects
 * all of them alike.
 * @template T
 * @param {Record<string, () => T | Promise<T>>} candidates each measures itself once, in any unit
 * @returns {Promise<Record<string, T[]>>} the measurements of each candidate, by round
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

/** Uses the next seed for each round, so that all candidates of a round have the same seed. */
export function seeded(measure) {
  let seed = 0;
  return () => measure(++seed);
}

/** The ratio of two candidates within each round: its median, and the middle half of the rounds. */
export function ratio(values, base) {
  const ratios = values.map((value, round) => value / base[round]);
  return { median: rounded(median(ratios)), from: rounded(quantile(ratios, 0.25)), to: rounded(quantile(ratios, 0.75)) };
}

/** A row for each candidate: its measurement, and its ratio to one of the candidates. */
export function rowsOf(measured, base, unit) {
  return Object.entries(measured).map(([candidate, values]) => {
    const { median: middle, from, to } = ratio(values, measured[base]);
    return { candidate, [unit]: rounded(median(values)), ratio: middle, 'middle half': `${from} to ${to}` };
  });
}

/** One figure out of messages that have several, by candidate and round. */
export function pick(sent, key) {
  return Object.fromEntries(Object.entries(sent).map(([candidate, messages]) => [candidate, messages.map((message) => message[key])]));
}

/** The median, the middle half of the values, and the interval in which the median lies with 95 %, by the ranks alone. */
export function spread(values, digits) {
  const at = (q) => Number(quantile(values, Math.min(1, Math.max(0, q))).toFixed(digits));
  const margin = 0.98 / Math.sqrt(values.length);
  return { median: at(0.5), 'middle half': `${at(0.25)} to ${at(0.75)}`, 'median, 95 % sure': `${at(0.5 - margin)} to ${at(0.5 + margin)}` };
}

/** Rounds to three digits: more digits would be noise. */
export function rounded(value) {
  return Number(value.toPrecision(3));
}

/** @returns {Map<unknown, T[]>} @template T */
export function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...groups.get(keyOf(item)) ?? [], item]);
  return groups;
}
