import type { RawFrame } from '../protocol/findings.ts';

/** A process that serves nobody after so many seconds is no longer starting up. */
const START_UP_S = 60;

/** Whether the process still loads its modules, and serves nobody yet. */
export function isStartingUp(frames: readonly RawFrame[]): boolean {
  return isLoading(frames) && process.uptime() < START_UP_S && !isServing();
}

/** Whether the stack is that of a process that loads its modules: loading happens once, and blocks nobody who is served. */
export function isLoading(frames: readonly RawFrame[]): boolean {
  const outermost = frames.findLast((frame) => !frame.isAsync);
  return outermost !== undefined && LOADERS.some((place) => outermost.file.startsWith(place));
}

const LOADERS = ['node:internal/modules/', 'node:internal/main/', 'node:internal/process/esm_loader', 'node:internal/process/execution'];

function isServing(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.endsWith('ServerWrap'));
}
