import { fileURLToPath } from 'node:url';

import workerpool from 'workerpool';

const script = fileURLToPath(new URL('./workers/workerpool.js', import.meta.url));

export function start(name, threads) {
  const pool = workerpool.pool(script, { workerType: 'thread', minWorkers: threads, maxWorkers: threads, workerThreadOpts: { argv: [name] } });
  return {
    run: (value) => pool.exec('run', [value]),
    transfer: (value) => pool.exec('run', [value], { transfer: [value] }),
    end: () => pool.terminate(),
  };
}
