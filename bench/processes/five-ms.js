// node five-ms.js '<pool>' '{ rounds, warmUpMs, ms }', forked: sends how many tasks a second 16 callers complete.
import { startPool } from '../peers/index.js';
import compute from '../tasks/compute.js';
import { rateOf } from './closed-loop.js';

const [pool, settings] = process.argv.slice(2);
const { rounds, ...slices } = JSON.parse(settings);
const expected = compute(rounds);
const { run } = await startPool(pool, { task: 'compute' });
process.send(await rateOf({ callers: 16, run: () => run(rounds), check }, slices));

function check(result) {
  if (result !== expected) throw new Error(`Expected ${expected}, got ${result}`);
}
