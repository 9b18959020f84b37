import { answer, claimOf } from './answer.js';
import { rowsOf } from './measure.js';
import { eager } from './peers/index.js';
import { bestPeer, measurePools, throughput } from './pools.js';

/**
 * Trivial tasks with two stores each, different for each caller. With the other pools the stores are carried by hand: as plain
 * data in the argument, and entered around the function in the worker.
 */
export async function trivialCarrying({ isQuick }) {
  const measured = await measurePools('trivial-carrying.js', ['offloop', ...eager], throughput(isQuick), isQuick ? 1 : 7);
  const best = bestPeer(measured);
  const rows = rowsOf(measured, best, 'tasks/s');
  const offloop = rows.find(({ candidate }) => candidate === 'offloop');
  return answer('How many trivial tasks a second, with two stores each and 1,000 callers?', rows, [
    claimOf(offloop, { what: 'the same with two stores, carried by hand elsewhere', than: best, atLeast: 5 }),
  ]);
}
