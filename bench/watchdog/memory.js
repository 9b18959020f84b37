import { interleave, median, spread } from '../measure.js';
import { ask } from './child.js';

/** What a process takes more, whole and on the main thread's heap, than one that does nothing. */
export async function memory({ isQuick }) {
  const measure = (name) => () => ask('memory-of.js', [name], { execArgv: ['--expose-gc'] });
  const measured = await interleave({ nothing: measure('nothing'), watchdog: measure('offloop watchdog') }, isQuick ? 2 : 15);
  return ['rss', 'heapUsed'].map((what) => {
    const base = median(measured.nothing.map((usage) => usage[what]));
    const added = measured.watchdog.map((usage) => usage[what] - base);
    return { question: `memory added, ${what}`, candidate: 'offloop watchdog', ...spread(added, 1), unit: 'MB' };
  });
}
