/** Runs of a task before its estimate is used. */
const MIN_SAMPLES = 8;

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
    const weight = this.#samples < MIN_SAMPLES ? 1 / this.#samples : 0.2;
    this.#ms += (Math.min(ms, this.#samples === 1 ? ms : 4 * this.#ms + 0.05) - this.#ms) * weight;
  }

  /** Infinity until there are enough runs. */
  get ms(): number {
    return this.#samples < MIN_SAMPLES ? Infinity : this.#ms;
  }
}
