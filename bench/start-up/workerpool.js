import { fileURLToPath } from 'node:url';

import workerpool from 'workerpool';

const script = fileURLToPath(new URL('../peers/workers/workerpool.js', import.meta.url));
const pool = workerpool.pool(script, { workerType: 'thread', workerThreadOpts: { argv: ['increment'] } });
console.log(await pool.exec('run', [1]));
await pool.terminate();
