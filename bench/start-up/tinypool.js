import { fileURLToPath } from 'node:url';

import { Tinypool } from 'tinypool';

const filename = fileURLToPath(new URL('../tasks/increment.js', import.meta.url));
const pool = new Tinypool({ filename, minThreads: 1 });
console.log(await pool.run(1));
await pool.destroy();
