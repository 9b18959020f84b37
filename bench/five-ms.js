import { answer, claimOf } from './answer.js';
import { roundsPerMs } from './calibrate.js';
import { rowsOf } from './measure.js';
import { patient } from './peers/index.js';
import { bestPeer, measurePools } from './pools.js';

const TASK_MS = 5;

/** Tasks that are worth a hop: here a pool can gain nothing, and must not lose anything. */
export async function fiveMs({ isQuick }) {
  const slices = isQuick ? { warmUpMs: 200, ms: 200 } : { warmUpMs: 1000, ms: 3000 };
  const rounds = Math.round(await roundsPerMs() * TASK_MS);
  const measured = await measurePools('five-ms.js', ['offloop', ...patient], { rounds, ...slices }, isQuick ? 1 : 7);
  const best = bestPeer(measured);
  const rows = rowsOf(measured, best, 'tasks/s');
  const offloop = rows.find(({ candidate }) => candidate === 'offloop');
  return answer('How many tasks of 5 ms a second, 16 callers?', rows, [claimOf(offloop, { what: 'tasks of 5 ms a second', than: best, atLeast: 0.98 })]);
}
