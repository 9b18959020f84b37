import { answer, claimOf } from './answer.js';
import { rowsOf } from './measure.js';
import { measurePools } from './pools.js';

const candidates = ['offloop', 'tinypool', 'piscina', 'workerpool', 'poolifier'];
const kinds = {
  '1 MB of JSON-like argument': { kind: 'cloned', atMost: 1.05 },
  '1,000,000 numbers': { kind: 'numbers', atMost: 1.3 },
  '16 MB transferred': { kind: 'transferred', atMost: 1.05 },
};

/** One call at a time with a large argument: shows whether any code reads the argument for longer than structured clone has to. */
export async function payload({ isQuick }) {
  const rows = [];
  for (const [on, { kind }] of Object.entries(kinds)) {
    const measured = await measurePools('payload.js', candidates, { kind, ms: isQuick ? 150 : 500 }, isQuick ? 1 : 9);
    rows.push(...rowsOf(measured, 'tinypool', 'µs, p50').map((row) => ({ on, ...row })));
  }
  const own = rows.filter(({ candidate }) => candidate === 'offloop');
  return answer('What does a large argument cost over bare tinypool?', rows, own.map((row) => (
    claimOf(row, { what: `${row.on}, p50`, than: 'bare tinypool', atMost: kinds[row.on].atMost })
  )));
}
