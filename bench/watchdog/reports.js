import { createInterface } from 'node:readline';

import { spread } from '../measure.js';
import { start } from './child.js';

/** How soon the report is out once the threshold is passed, and what the looks at it cost the thread that is stuck. */
export async function reports({ isQuick }) {
  const { child, next, stop } = start('stalls.js', [String(isQuick ? 3 : 40)], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const saidAt = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.includes('"event":"stuck"')) saidAt.push(performance.timeOrigin + performance.now());
  });
  const { measured } = await next().finally(stop);
  const delays = measured.map(({ dueAt }) => saidAt.find((at) => at > dueAt) - dueAt);
  return [
    { question: 'from the threshold to the report', candidate: 'offloop watchdog', ...spread(delays, 1), unit: 'ms' },
    { question: 'main thread, for one look', candidate: 'offloop watchdog', ...spread(measured.flatMap(({ lookMs }) => lookMs), 2), unit: 'ms' },
  ];
}
