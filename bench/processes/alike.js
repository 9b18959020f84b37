// node alike.js '<pool>' '{ rounds, tasks, warmUpTasks }', forked: sends what equal tasks get that are all called at once, and how many
// spares started after the warm-up.
import { mean } from '../measure.js';
import { startPool } from '../peers/index.js';
import compute from '../tasks/compute.js';

const [pool, settings] = process.argv.slice(2);
const { rounds, tasks, warmUpTasks } = JSON.parse(settings);
const { run, stats } = await startPool(pool, { task: 'compute' });
const expected = compute(rounds);

await latencies(warmUpTasks);
const sparesBefore = sparesStarted();
const startedAt = performance.now();
const measured = await latencies(tasks);
const ms = performance.now() - startedAt;
process.send({ perSecond: tasks / (ms / 1000), mean: mean(measured), spares: sparesStarted() - sparesBefore });

function latencies(count) {
  return Promise.all(Array.from({ length: count }, latency));
}

async function latency() {
  const calledAt = performance.now();
  const result = await run(rounds);
  if (result !== expected) throw new Error(`Expected ${expected}, got ${result}`);
  return performance.now() - calledAt;
}

function sparesStarted() {
  return stats().workers.sparesStarted ?? 0;
}
