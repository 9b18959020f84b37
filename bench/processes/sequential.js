// node sequential.js tinypool|offloop [carrying]: prints the median time of a call, in microseconds.
import { median } from '../measure.js';
import { startPool } from '../peers/index.js';
import { inContext } from './context.js';

const [pool, carrying] = process.argv.slice(2);
const { run, end } = await startPool(pool, { task: carrying ? 'increment-in-context' : 'increment', threads: 1 });
const call = carrying ? (n) => inContext(n, () => run(n)) : run;
await times(3000);
console.log(median(await times(5000)));
await end();

async function times(count) {
  const measured = [];
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    const result = await call(n);
    measured.push((performance.now() - start) * 1000);
    const expected = carrying ? 3 * n : n + 1;
    if (result !== expected) throw new Error(`Expected ${expected}, got ${result}`);
  }
  return measured;
}
