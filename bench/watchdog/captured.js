// node captured.js, forked: sends how many ms each probe of the watchdog cost the watched thread.
import { setTimeout as sleep } from 'node:timers/promises';

import { startWatchdog } from 'offloop/watchdog';

import { requestStore } from '../tasks/stores.js';

const STALL_MS = 2000;
const DEPTH = 40;
/** A probe connects, asks and disconnects: it interrupts the thread more than once. */
const AROUND_MS = 0.5;
/** A gap longer than this was no part of the loop. */
const INTERRUPTED_MS = 0.005;

const looks = [];
const gaps = { at: new Float64Array(100_000), ms: new Float64Array(100_000), count: 0 };

const watchdog = startWatchdog({ log: false });
const { capture } = await watchdog.ready();
if (capture.mode !== 'live') throw new Error(`The watchdog cannot capture here: ${capture.reason}`);
noteLooks();
await sleep(200);
requestStore.run({ requestId: 'r-17', user: 'u-17' }, descend, DEPTH);
if (looks.length < 3) throw new Error(`Expected the watchdog to look at the stall, got ${looks.length} looks`);
process.send({ costs: looks.map(costOf) });
await watchdog.stop();

/** Not part of the API: from outside, a probe looks like any other interruption by the machine. */
function noteLooks() {
  for (const probe of globalThis[Symbol.for('offloop.shared.1')].get('watchdog probes').values()) {
    const { look } = probe;
    probe.look = (...args) => (looks.push(performance.now()), look.apply(probe, args));
  }
}

/** Makes the stack as deep as a service's stack. */
function descend(depth) {
  if (depth === 0) recordGaps();
  else descend(depth - 1);
}

/** Reads the clock and does nothing else: a jump of the clock means that other code had the thread. */
function recordGaps() {
  const end = performance.now() + STALL_MS;
  for (let before = performance.now(), now = before; now < end; before = now) {
    now = performance.now();
    if (now - before > INTERRUPTED_MS && gaps.count < gaps.at.length) {
      gaps.at[gaps.count] = now;
      gaps.ms[gaps.count++] = now - before;
    }
  }
}

function costOf(look) {
  let ms = 0;
  for (let i = 0; i < gaps.count; i++) if (gaps.at[i] - gaps.ms[i] < look + AROUND_MS && gaps.at[i] > look - AROUND_MS) ms += gaps.ms[i];
  return ms;
}
