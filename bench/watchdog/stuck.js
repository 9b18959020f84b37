// node stuck.js javascript|native <stalls>, forked: blocks its event loop repeatedly, and sends when each stall began (process.hrtime, in ms).
import { pbkdf2Sync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { startWatchdog } from 'offloop/watchdog';

const STALL_MS = 400;
const blockers = { javascript: spin, native: derive };

const [kind, stalls] = process.argv.slice(2);
// One call of about the right length; this first call also compiles the function.
const iterations = Math.round((100_000 / timeOf(() => pbkdf2Sync('secret', 'salt', 100_000, 64, 'sha512'))) * STALL_MS);
const watchdog = startWatchdog();
await watchdog.ready();
for (let i = 0; i < Number(stalls); i++) {
  // A random moment between two beats of the watchdog's heartbeat.
  await sleep(100 + Math.random() * 100);
  const startedAt = now();
  blockers[kind]();
  process.send({ startedAt });
}
await sleep(100);
process.send({ isDone: true });
await watchdog.stop();

function spin() {
  const end = now() + STALL_MS;
  while (now() < end);
}

function derive() {
  pbkdf2Sync('secret', 'salt', iterations, 64, 'sha512');
}

function timeOf(fn) {
  const before = now();
  fn();
  return now() - before;
}

function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}
