import { performance } from 'node:perf_hooks';

import type { SharedState } from '../protocol/shared-state.ts';

/**
 * Notes in the shared state that all callbacks before `instant` have ended, and how long the event loop has slept so far: the
 * sleep after that tells when the next callback began.
 */
export function noteSignOfLife(sharedState: SharedState, instant: number): void {
  sharedState.set('idle', idleTime());
  sharedState.set('alive', instant);
}

/** How long the event loop has waited for events since it started, in ms. */
export function idleTime(): number {
  return performance.eventLoopUtilization().idle;
}
