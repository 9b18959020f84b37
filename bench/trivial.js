import { answer, claimOf } from './answer.js';
import { rowsOf } from './measure.js';
import { eager } from './peers/index.js';
import { bestPeer, measurePools, throughput } from './pools.js';

/** Tasks that do nothing, from more callers than any pool can keep busy: the measured time is the price of the messages. */
export async function trivial({ isQuick }) {
  const measured = await measurePools('trivial.js', ['offloop', ...eager], throughput(isQuick), isQuick ? 1 : 7);
  const best = bestPeer(measured);
  const rows = rowsOf(measured, best, 'tasks/s');
  const offloop = rows.find(({ candidate }) => candidate === 'offloop');
  return answer('How many trivial tasks a second, with nothing to carry and 1,000 callers?', rows, [
    claimOf(offloop, { what: 'trivial tasks a second, 1,000 callers', than: best, atLeast: 10 }),
  ]);
}
