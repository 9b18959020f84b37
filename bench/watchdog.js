import { memory } from './watchdog/memory.js';
import { reports } from './watchdog/reports.js';
import { throughput } from './watchdog/throughput.js';

/** Of the throughput, at least; and of one look, in ms, at most. */
const LEAST = 0.99;
const MOST_MS = 1;

/** What the watchdog costs while all is well, and while something is stuck, next to two other ways to find out. */
export async function watchdog(options) {
  const rows = [...(await throughput(options)), ...(await reports(options)), ...(await memory(options))];
  const own = rows.filter(({ candidate }) => candidate === 'offloop watchdog');
  const isMet = own.every(({ unit, median }) => unit !== 'ratio' || median >= LEAST) && own.every(({ question, median }) => !question.includes('look') || median <= MOST_MS);
  return {
    question: 'What does the watchdog cost?',
    rows,
    limit: { throughput: LEAST, lookMs: MOST_MS },
    isMet,
    verdict: own.map(({ question, median, unit, ...row }) => `${question}: ${median} ${unit === 'ratio' ? 'of it' : unit} (${row['middle half']})`).join('\n'),
  };
}
