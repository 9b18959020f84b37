import { Piscina } from 'piscina';
import { Tinypool } from 'tinypool';
import { call } from './call.js';
import { requestStore } from './context.js';

const filename = new URL('./worker.js', import.meta.url).href;

for (const Pool of [Piscina, Tinypool]) {
  const pool = new Pool({ filename, maxThreads: 2 });
  const requests = ['r-1', 'r-2'].map((requestId) => ({ requestId, user: 'ada', socket: process.stdout }));
  const answers = await Promise.all(requests.map((request, i) => requestStore.run(request, () => call(pool, `PO-${i + 1}`))));
  for (const answer of answers) console.log(Pool.name, JSON.stringify(answer));
  await pool.destroy();
}
