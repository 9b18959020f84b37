import { Math } from '../../node/intrinsics.ts';
import type { BatchResults } from '../../wire/batch-results.ts';

/** After how much run time the CPU time is read where nobody asks for the parts: the pool judges the running task by the last reading. */
const READ_AFTER_MS = 1;

/**
 * Divides the CPU time of a batch among its calls. The time is read after each call that took long, so that a call that waits is not
 * charged for one that computes; between two readings, short calls have their parts by the clock.
 */
export class BatchCpu {
  readonly #read: () => number | undefined;
  /** Gets the CPU time of each call; undefined where nobody asks for it. */
  readonly #results: BatchResults | undefined;
  readonly #everyMs: number;
  /** The CPU time when it was read last, in ms. */
  #cpu: number | undefined;
  /** Calls since then: their places, and their run times in ms. */
  readonly #places: number[] = [];
  readonly #runs: number[] = [];
  #runMs = 0;

  /** @param everyMs after how much run time the time is to be divided; undefined where it is not */
  constructor(read: () => number | undefined, everyMs: number | undefined, results: BatchResults) {
    this.#read = read;
    this.#results = everyMs === undefined ? undefined : results;
    this.#everyMs = everyMs ?? READ_AFTER_MS;
    if (everyMs !== undefined) this.#cpu = read();
  }

  /** Call this when a call is over. */
  add(place: number, runMs: number): void {
    this.#runMs += runMs;
    if (this.#results !== undefined) {
      this.#places.push(place);
      this.#runs.push(runMs);
    }
    if (this.#runMs >= this.#everyMs) this.#divide();
  }

  /** Call this when all calls are over. */
  end(): void {
    if (this.#places.length > 0) this.#divide();
  }

  #divide(): void {
    const cpu = this.#read();
    const before = this.#cpu;
    this.#cpu = cpu;
    if (this.#results !== undefined && cpu !== undefined && before !== undefined) this.#charge(this.#results, cpu - before);
    this.#places.length = this.#runs.length = this.#runMs = 0;
  }

  /** Where the last call took long, those before it took less than `everyMs` together, and no more than that on a CPU. */
  #charge(results: BatchResults, cpuMs: number): void {
    const last = this.#places.length - 1;
    const lastRun = this.#runs[last]!;
    const isLong = lastRun >= this.#everyMs;
    const count = isLong ? last : last + 1;
    const runMs = isLong ? this.#runMs - lastRun : this.#runMs;
    const shared = isLong && count > 0 ? Math.min(cpuMs, runMs) : cpuMs;
    for (let i = 0; i < count; i++) results.setCpu(this.#places[i]!, shared * (runMs > 0 ? this.#runs[i]! / runMs : 1 / count));
    if (isLong) results.setCpu(this.#places[last]!, count > 0 ? cpuMs - shared : cpuMs);
  }
}
