import { GCProfiler } from 'node:v8';

/**
 * What the garbage collector takes while the loop is stuck. An observer of `gc` entries would hear of it only afterwards,
 * and always on it cost 1 to 3 % where it was measured: this is started at the first look at a stall.
 */
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
