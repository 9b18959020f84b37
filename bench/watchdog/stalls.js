// node stalls.js <how many>, forked: is stuck that often, and sends when each began and what the looks at it took.
import { setTimeout as sleep } from 'node:timers/promises';

import { startWatchdog } from 'offloop/watchdog';

const THRESHOLD = 100;
const STUCK_MS = 300;
/** What a tight loop does between two looks at the clock takes far less, in ms. */
const GAP_MS = 0.05;

const stalls = [];
const watchdog = startWatchdog({ threshold: THRESHOLD, log: 'json', onStall: (stall) => stalls.push(stall) });
const { capture } = await watchdog.ready();
if (capture.mode !== 'live') throw new Error(`The watchdog cannot capture here: ${capture.reason}`);
await sleep(300);

const measured = [];
for (let i = 0; i < Number(process.argv[2]); i++) {
  const before = stalls.length;
  const { startedAt, gaps } = beStuck();
  while (stalls.length === before) await sleep(10);
  // As many looks as there are stacks; the machine makes gaps, too.
  const looks = stalls.at(-1).samples.length;
  measured.push({ dueAt: startedAt + THRESHOLD, lookMs: gaps.sort((a, b) => b - a).slice(0, looks) });
  await sleep(100);
}
process.send({ measured }, () => process.exit());

function beStuck() {
  const gaps = [];
  const [startedAt, epochAt] = [performance.now(), performance.timeOrigin + performance.now()];
  for (let now = startedAt; now - startedAt < STUCK_MS;) {
    const before = now;
    now = performance.now();
    if (now - before > GAP_MS) gaps.push(now - before);
  }
  return { startedAt: epochAt, gaps };
}
