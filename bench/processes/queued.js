// node --expose-gc queued.js '<pool>' '{ tasks }', forked: sends how many bytes of heap each queued task takes, and how many ms
// pass until all tasks are done.
import { startPool } from '../peers/index.js';

const [pool, settings] = process.argv.slice(2);
const { tasks } = JSON.parse(settings);
const { run } = await startPool(pool, { task: 'increment' });

await settled(call(new Array(2000)));
process.send(await measure());

/** The memory excludes the array that holds the promises. The time excludes the garbage collection. */
async function measure() {
  const calls = new Array(tasks).fill(undefined);
  const [before, startedAt] = [heapUsed(), performance.now()];
  call(calls);
  const calledAt = performance.now();
  const bytes = (heapUsed() - before) / tasks;
  const collectedAt = performance.now();
  await settled(calls);
  return { bytes, ms: calledAt - startedAt + performance.now() - collectedAt };
}

function call(calls) {
  for (let n = 0; n < calls.length; n++) calls[n] = run(n);
  return calls;
}

async function settled(calls) {
  const results = await Promise.all(calls);
  const wrong = results.findIndex((result, n) => result !== n + 1);
  if (wrong !== -1) throw new Error(`Expected ${wrong + 1}, got ${results[wrong]}`);
}

function heapUsed() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
