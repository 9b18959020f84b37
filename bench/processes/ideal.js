// node ideal.js ideal '{ rounds, tasks, threads? }', forked: sends how many tasks a second the threads complete without a pool.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const { rounds, tasks, threads = 2 } = JSON.parse(process.argv[3]);
const share = Math.ceil(tasks / threads);
const workers = Array.from({ length: threads }, () => new Worker(new URL('./ideal-worker.js', import.meta.url), { workerData: { rounds } }));
// The first run warms up.
await runAll();
process.send((share * threads) / (await runAll() / 1000));

async function runAll() {
  const startedAt = performance.now();
  await Promise.all(workers.map(async (worker) => {
    worker.postMessage(share);
    await once(worker, 'message');
  }));
  return performance.now() - startedAt;
}
