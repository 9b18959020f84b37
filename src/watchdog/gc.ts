import { PerformanceObserver } from 'node:perf_hooks';
import { GCProfiler } from 'node:v8';

import { inCleanRoot } from '../context/root.ts';
import type { Board } from './board.ts';

/**
 * Adds up on the board what the garbage collector takes, for one reason: a single long collection, after which there is
 * nothing else to see. The entries arrive two turns of the loop late.
 */
export function watchCollections(board: Board): { stop(): void } {
  const observer = inCleanRoot(() => {
    const created = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) board.add('gcMs', duration);
    });
    created.observe({ entryTypes: ['gc'] });
    return created;
  });
  return { stop: () => observer.disconnect() };
}

/** What the collector takes while the loop is stuck, which no observer is told of: only V8's own profiler says it at once. */
export class StallCollections {
  #profiler: GCProfiler | undefined;
  #ms = 0;

  /** ms since the first call. */
  read(): number {
    for (const { cost } of this.#profiler?.stop().statistics ?? []) this.#ms += cost / 1000;
    this.#profiler = new GCProfiler();
    this.#profiler.start();
    return this.#ms;
  }

  stop(): void {
    this.#profiler?.stop();
    this.#profiler = undefined;
    this.#ms = 0;
  }
}
