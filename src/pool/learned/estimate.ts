/** Runs of a task before its estimate is used. */
export const ENOUGH_RUNS = 8;

/**
 * Estimates how long a task runs, in ms, from its runs so far. A run far above the estimate counts as four times the estimate:
 * one heavy document among thousands of light ones changes little, while a task that has become slower exceeds any budget
 * within a few runs.
 */
export class RunEstimate {
  #ms = 0;
  #samples = 0;

  add(ms: number): void {
    this.#samples++;
    const weight = this.#samples < ENOUGH_RUNS ? 1 / this.#samples : 0.2;
    this.#ms += (Math.min(ms, this.#samples === 1 ? ms : 4 * this.#ms + 0.05) - this.#ms) * weight;
  }

  /** Infinity until there are enough runs. */
  get ms(): number {
    return this.#samples < ENOUGH_RUNS ? Infinity : this.#ms;
  }
}
