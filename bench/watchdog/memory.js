import { ask } from '../child.js';
import { interleave, spread } from '../measure.js';

const fields = { rss: 'resident memory of the process', heapUsed: 'heap of the main thread' };

/** The additional memory of a process with the watchdog, for fresh processes after a garbage collection. */
export async function memory({ isQuick }) {
  const sample = (how) => () => ask('watchdog/idle.js', [how], { execArgv: ['--expose-gc'] });
  const { watched, alone } = await interleave({ watched: sample('watched'), alone: sample('alone') }, isQuick ? 2 : 20);
  return Object.entries(fields).map(([field, what]) => {
    const added = watched.map((used, round) => used[field] - alone[round][field]);
    return { measured: `added to the ${what}`, candidate: 'offloop watchdog', unit: 'MB', ...spread(added, 1), n: added.length };
  });
}
