// node trivial.js '<pool>' '<slices as JSON>', forked: sends how many trivial tasks a second a thousand callers complete.
import { startPool } from '../peers/index.js';
import { rateOf } from './closed-loop.js';

const [pool, slices] = process.argv.slice(2);
const { run } = await startPool(pool, { task: 'increment' });
process.send(await rateOf({ callers: 1000, run, check }, JSON.parse(slices)));

function check(result, n) {
  if (result !== n + 1) throw new Error(`Expected ${n + 1}, got ${result}`);
}
