import { fileURLToPath } from 'node:url';

import { FixedThreadPool } from 'poolifier';

const script = fileURLToPath(new URL('../peers/workers/poolifier.js', import.meta.url));
const pool = new FixedThreadPool(1, script, { workerOptions: { argv: ['increment'] } });
console.log(await pool.execute(1));
await pool.destroy();
