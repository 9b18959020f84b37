// node mixed.js '<pool>' '{ short, long, longEvery, perSecond, warmUpSeconds, seconds, seed }', forked: sends the p99 of the short
// tasks, and the p99 of the load generator's own lag, in ms.
import { quantile } from '../measure.js';
import { startPool } from '../peers/index.js';
import compute from '../tasks/compute.js';
import { randomFrom } from './random.js';

const [pool, settings] = process.argv.slice(2);
const { short, long, longEvery, perSecond, warmUpSeconds, seconds, seed } = JSON.parse(settings);
const { run } = await startPool(pool, { task: 'compute' });
const expected = { [short]: compute(short), [long]: compute(long) };
const random = randomFrom(seed);
const latencies = [];
const lags = [];

await Promise.all(Array.from({ length: 200 }, () => call(short)));
const arrivals = schedule();
const startedAt = performance.now();
await sendAll();
process.send({ p99: quantile(latencies, 0.99), lagP99: quantile(lags, 0.99) });

/** Arrivals of independent callers: a Poisson process, equal for equal seeds. */
function schedule() {
  const arrivals = [];
  for (let due = 0; due < (warmUpSeconds + seconds) * 1000; due += -Math.log(1 - random()) / perSecond * 1000) {
    arrivals.push({ due, rounds: random() < 1 / longEvery ? long : short });
  }
  return arrivals;
}

async function sendAll() {
  const calls = [];
  while (calls.length < arrivals.length) {
    const now = performance.now() - startedAt;
    while (calls.length < arrivals.length && arrivals[calls.length].due <= now) calls.push(send(arrivals[calls.length]));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(calls);
}

async function send({ due, rounds }) {
  const isCounted = due >= warmUpSeconds * 1000;
  if (isCounted) lags.push(performance.now() - startedAt - due);
  await call(rounds);
  if (isCounted && rounds === short) latencies.push(performance.now() - startedAt - due);
}

async function call(rounds) {
  const result = await run(rounds);
  if (result !== expected[rounds]) throw new Error(`Expected ${expected[rounds]}, got ${result}`);
}
