// node await-heavy.js '<candidate>' '<slices as JSON>', forked: sends how many requests a second it handles, in pairs.
import { setImmediate as turn } from 'node:timers/promises';

import { requestStore } from '../tasks/stores.js';
import { candidates } from './candidates.js';
import { liveOrdinarily } from './ordinary-life.js';
import { measurePairs } from './pairs.js';

/** The event loop turns as often as in a busy and healthy service. */
const TURN_EVERY_MS = 5;
const AT_ONCE = 10;

const [candidate, slices] = process.argv.slice(2);
await requestStore.run({ requestId: 'r-0', user: 'u-17' }, liveOrdinarily);
process.send({ pairs: await measurePairs(candidates[candidate], rateOver, JSON.parse(slices)) });

async function rateOver(ms) {
  const startedAt = performance.now();
  let handled = 0;
  for (let now = startedAt, turnedAt = now; now - startedAt < ms; now = performance.now()) {
    for (let i = 0; i < AT_ONCE; i++) await requestStore.run({ requestId: `r-${handled}`, user: 'u-17' }, () => handle(handled++));
    if (now - turnedAt > TURN_EVERY_MS) turnedAt = await turn(now);
  }
  return handled / ((performance.now() - startedAt) / 1000);
}

async function handle(id) {
  const [a, b] = await Promise.all([load(id), load(id + 1)]);
  const sum = await load(a + b);
  if (requestStore.getStore().requestId !== `r-${id}` || sum !== 2 * id + 1) throw new Error(`Expected ${2 * id + 1} for r-${id}, got ${sum}`);
}

async function load(value) {
  await null;
  return value;
}
