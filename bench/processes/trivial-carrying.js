// node trivial-carrying.js '<pool>' '<slices as JSON>', forked: like trivial.js, but each caller has two stores of its own.
import { startPool } from '../peers/index.js';
import { packed } from '../tasks/increment-by-hand.js';
import { rateOf } from './closed-loop.js';
import { inContext } from './context.js';

const [pool, slices] = process.argv.slice(2);
const isByHand = pool !== 'offloop';
const { run } = await startPool(pool, { task: isByHand ? 'increment-by-hand' : 'increment-in-context' });
const call = isByHand ? (n) => run(packed(n)) : run;
process.send(await rateOf({ callers: 1000, run: call, check, enter: inContext }, JSON.parse(slices)));

function check(result, n, caller) {
  if (result !== n + 2 * caller) throw new Error(`Expected ${n + 2 * caller} for caller ${caller}, got ${result}`);
}
