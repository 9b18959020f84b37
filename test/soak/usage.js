import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

/** How long ended workers may take to disappear. */
const LIMIT_MS = 10_000;
/** The tolerance in bytes, for compiled code and the like that V8 keeps. */
const HEAP_SLACK = 3 * 2 ** 20;

/** The resources of this process, after a garbage collection. */
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

/** Resolves as soon as the usage is no more than before; usage that is still higher after a while has leaked. */
export async function usageComparedTo(before) {
  const end = performance.now() + LIMIT_MS;
  let now = await usage();
  while (leaks(before, now).length > 0 && performance.now() < end) {
    await after(50);
    now = await usage();
  }
  return now;
}

/** The names of the figures that have grown. */
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
