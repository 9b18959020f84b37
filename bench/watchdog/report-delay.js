import { createInterface } from 'node:readline';

import { start } from '../child.js';
import { spread } from '../measure.js';

/** The watchdog's default. */
const THRESHOLD_MS = 100;
/** The watchdog writes about this many stalls before it limits its lines. */
const STALLS = 8;

const kinds = {
  javascript: 'until it names the function that computes',
  native: 'until it says that a native call does not answer',
};

/** The time from the threshold to the first line of the report, as another process reads it. */
export async function reportDelay({ isQuick }) {
  const rows = [];
  for (const [kind, what] of Object.entries(kinds)) {
    const delays = [];
    for (let round = 0; round < (isQuick ? 1 : 10); round++) delays.push(...await measure(kind, isQuick ? 3 : STALLS));
    rows.push({ measured: `from the threshold ${what}`, candidate: 'offloop watchdog', unit: 'ms', ...spread(delays, 1), n: delays.length });
  }
  return rows;
}

async function measure(kind, stalls) {
  const { child, next, stop } = start('watchdog/stuck.js', [kind, String(stalls)], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const reports = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.includes('has been stuck for')) reports.push(now());
  });
  try {
    return await readDelays(next, reports, stalls);
  } finally {
    await stop();
  }
}

async function readDelays(next, reports, stalls) {
  const starts = [];
  for (let message = await next(); !message.isDone; message = await next()) starts.push(message.startedAt);
  // After a native call returns, a second line names the function.
  const firsts = starts.map((startedAt, i) => reports.find((at) => at > startedAt && at < (starts[i + 1] ?? Infinity)));
  const delays = firsts.map((at, i) => at - starts[i] - THRESHOLD_MS).filter((delay) => !Number.isNaN(delay));
  // On a busy machine, the watchdog gets no CPU either, and reports starvation instead.
  if (delays.length < stalls / 2) throw new Error(`Expected a report of each of ${stalls} stalls while it lasted, got ${delays.length}`);
  return delays;
}

// All processes of the machine share this clock.
function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}
