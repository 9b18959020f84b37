// node map.js '<pool>' '{ rounds, tasks, warmUpMs }', forked: sends how many tasks a second complete if all exist from the start.
import { startPool } from '../peers/index.js';
import compute from '../tasks/compute.js';

/** The best value, or nearly the best, of 64, 1,000 and all at once for each of the other pools. */
const AT_ONCE = 64;

const [pool, settings] = process.argv.slice(2);
const { rounds, tasks, warmUpMs } = JSON.parse(settings);
const { run, map = mapByHand } = await startPool(pool, { task: 'compute' });
const expected = compute(rounds);

const startedAt = performance.now();
while (performance.now() - startedAt < warmUpMs) await rateOf(tasks);
process.send(await rateOf(tasks));

async function rateOf(count) {
  const startedAt = performance.now();
  const results = await map(new Array(count).fill(rounds));
  const perSecond = count / ((performance.now() - startedAt) / 1000);
  const right = results.filter((result) => result === expected).length;
  if (right !== count) throw new Error(`Expected ${count} right results, got ${right}`);
  return perSecond;
}

async function mapByHand(values) {
  const results = new Array(values.length);
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let i = next++; i < values.length; i = next++) results[i] = await run(values[i]);
  }));
  return results;
}
