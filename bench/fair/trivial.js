// node trivial.js '<options of the pool>' '{ pairs, ms, warmUpMs }', forked: sends how many trivial tasks a second a thousand callers
// of ten tenants complete, in pairs: on a pool with these options, and on a plain one.
import { createPool } from 'offloop';

import { rateOf } from '../processes/closed-loop.js';
import increment from '../tasks/offloaded/increment.js';
import { requestStore } from '../tasks/tenant-store.js';
import { measurePairs } from '../watchdog/pairs.js';
import { poolOptions } from './keyed-pool.js';

const TENANTS = 10;
/** A slice begins when the callers of the slice before have ended. */
const REFILL_MS = 20;

const [options, settings] = process.argv.slice(2);
const slices = JSON.parse(settings);
const plain = { minThreads: 2, maxThreads: 2 };
const pools = { off: createPool(poolOptions(plain)), on: createPool(poolOptions({ ...plain, ...JSON.parse(options) })) };
let pool = pools.on;

await rateOver(slices.warmUpMs);
pool = pools.off;
process.send(await measurePairs(switchOn, rateOver, slices));

async function switchOn() {
  pool = pools.on;
  return () => { pool = pools.off; };
}

function rateOver(ms) {
  return rateOf({ callers: 1000, run: (n) => pool.run(increment, [n]), check, enter }, { warmUpMs: REFILL_MS, ms });
}

function enter(caller, fn) {
  return requestStore.run({ tenant: `tenant-${caller % TENANTS}` }, fn);
}

function check(result, n) {
  if (result !== n + 1) throw new Error(`Expected ${n + 1}, got ${result}`);
}
