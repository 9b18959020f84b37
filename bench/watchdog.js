import { answer } from './answer.js';
import { memory } from './watchdog/memory.js';
import { oneCapture } from './watchdog/one-capture.js';
import { reportDelay } from './watchdog/report-delay.js';
import { throughput } from './watchdog/throughput.js';

/** The cost of the watchdog while nothing is wrong, compared with two other methods, and its delay when a stall begins. */
export async function watchdog({ isQuick }) {
  const rows = [...await throughput({ isQuick }), ...await reportDelay({ isQuick }), ...await oneCapture({ isQuick }), ...await memory({ isQuick })];
  return answer('What does the watchdog cost, and how soon does it speak?', rows, claimsOf(rows));
}

export function claimsOf(rows) {
  const own = rows.filter(({ candidate }) => candidate === 'offloop watchdog');
  return [
    ...own.filter(({ unit }) => unit === '×').map((row) => claimOf(row, { what: `watchdog, throughput left, ${row.measured.replace(', with / without', '')}`, atLeast: 0.99 })),
    ...own.filter(({ measured }) => measured.startsWith('one capture')).map((row) => claimOf(row, { what: `watchdog, ${row.measured}`, atMost: 1 })),
  ];
}

function claimOf({ unit, median, 'middle half': half }, claim) {
  return { ...claim, unit, value: median, 'middle half': half };
}
