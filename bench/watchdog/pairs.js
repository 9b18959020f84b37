import { setTimeout as sleep } from 'node:timers/promises';

/** Starting and stopping have their own price, which is paid before the slice begins. */
const SETTLE_MS = 100;

/**
 * Measures in pairs of short neighbouring slices of one process, one with the candidate and one without, in random order:
 * what the machine or the process does meanwhile, a faster clock or a fuller heap, meets both alike.
 *
 * @param {() => Promise<() => void | Promise<void>>} start starts the candidate, and returns what stops it
 * @param {(ms: number) => Promise<number>} rateOver how many a second, over so many ms
 * @param {{ pairs: number, ms: number, warmUpMs: number }} slices
 * @returns {Promise<{ on: number, off: number }[]>}
 */
export async function measurePairs(start, rateOver, { pairs, ms, warmUpMs }) {
  await rateOver(warmUpMs);
  const measure = { on: () => measureWith(start, rateOver, ms), off: () => measureWith(async () => () => {}, rateOver, ms) };
  // Whatever happens only the first time.
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
