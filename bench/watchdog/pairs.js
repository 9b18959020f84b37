import { setTimeout as sleep } from 'node:timers/promises';

/** Starting and stopping have their own cost; this pause keeps the cost out of the slice. */
const SETTLE_MS = 100;

/**
 * Measures in pairs of short neighbouring slices of one process, one with the candidate and one without, in random order. So
 * changes of the machine or the process, such as a faster clock or a fuller heap, affect both slices alike.
 *
 * @param {() => Promise<() => void | Promise<void>>} start starts the candidate, and returns a function that stops it
 * @param {(ms: number) => Promise<number>} rateOver the rate per second, measured over this many ms
 * @param {{ pairs: number, ms: number, warmUpMs: number }} slices
 * @returns {Promise<{ on: number, off: number }[]>}
 */
export async function measurePairs(start, rateOver, { pairs, ms, warmUpMs }) {
  await rateOver(warmUpMs);
  const measure = { on: () => measureWith(start, rateOver, ms), off: () => measureWith(async () => () => {}, rateOver, ms) };
  // The first start has additional costs.
  await measure.on();
  const measured = [];
  for (let i = 0; i < pairs; i++) {
    const pair = {};
    for (const side of Math.random() < 0.5 ? ['on', 'off'] : ['off', 'on']) pair[side] = await measure[side]();
    measured.push(pair);
  }
  return measured;
}

async function measureWith(start, rateOver, ms) {
  const stop = await start();
  await sleep(SETTLE_MS);
  const rate = await rateOver(ms);
  await stop();
  return rate;
}
