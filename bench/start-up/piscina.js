import { Piscina } from 'piscina';

const pool = new Piscina({ filename: new URL('../tasks/increment.js', import.meta.url).href, minThreads: 1 });
console.log(await pool.run(1));
await pool.destroy();
