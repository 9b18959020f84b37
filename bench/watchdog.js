import { memory } from './watchdog/memory.js';
import { oneCapture } from './watchdog/one-capture.js';
import { reportDelay } from './watchdog/report-delay.js';
import { throughput } from './watchdog/throughput.js';

/** What is left of the throughput, at least; and what a capture takes, in ms, at most. */
const LIMITS = { throughput: 0.99, capture: 1 };

/** What the watchdog costs while nothing is wrong, beside two other ways to watch; and how fast it is when something is. */
export async function watchdog({ isQuick }) {
  const [rates, delays, captures, added] = [await throughput({ isQuick }), await reportDelay({ isQuick }), await oneCapture({ isQuick }), await memory({ isQuick })];
  const own = rates.filter(({ candidate }) => candidate === 'offloop watchdog');
  return {
    question: 'What does the watchdog cost, and how soon does it speak?',
    rows: [...rates, ...delays, ...captures, ...added],
    limit: LIMITS,
    isMet: own.every(({ median }) => median >= LIMITS.throughput) && captures.every(({ median }) => median <= LIMITS.capture),
    verdict: [...own.map(aboutThroughput), ...captures.map(aboutCapture)].join('\n'),
  };
}

function aboutThroughput(row) {
  return `${row.measured}: ${row.median} (95 % sure: ${row['median, 95 % sure']}); at least ${LIMITS.throughput} is wanted.`;
}

function aboutCapture(row) {
  return `${row.measured}: ${row.median} ms (${row['middle half']}); at most ${LIMITS.capture} is wanted.`;
}
