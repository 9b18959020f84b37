import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

/** How long workers that were ended may take to go. */
const LIMIT_MS = 10_000;
/** In bytes: what V8 keeps of compiled code and the like. */
const HEAP_SLACK = 3 * 2 ** 20;

/** What this process holds, once garbage is collected. */
export async function usage() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await after(1);
  }
  return {
    heap: process.memoryUsage().heapUsed,
    external: process.memoryUsage().external,
    handles: process.getActiveResourcesInfo().length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    descriptors: countOf('/proc/self/fd'),
    threads: countOf('/proc/self/task'),
  };
}

/** The same as soon as it is no more than it was before; what is still more after a while has leaked. */
export async function usageComparedTo(before) {
  const end = performance.now() + LIMIT_MS;
  let now = await usage();
  while (leaks(before, now).length > 0 && performance.now() < end) {
    await after(50);
    now = await usage();
  }
  return now;
}

/** The names of what has grown. */
export function leaks(before, now) {
  return Object.keys(before).filter((name) => now[name] > allowed(name, before[name]));
}

function allowed(name, before) {
  return name === 'heap' || name === 'external' ? before * 1.1 + HEAP_SLACK : before;
}

/** 0 where the system has no such folder. */
function countOf(folder) {
  return existsSync(folder) ? readdirSync(folder).length : 0;
}
