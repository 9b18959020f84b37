import { now } from '../../node/clock.ts';

/** How long a worker may send no response to a batch, until the calls that it has not started go to other workers. */
export class SilenceLimit {
  /** When the worker was last sent a batch, or last sent a response. */
  #since = 0;
  #limitMs = 0;
  /** Multiplies the limit: the messages of this worker may be large, and take long to arrive. */
  #factor = 1;

  /** Call this when the worker has just been sent a batch. @param limitMs how long the worker may be silent */
  begin(limitMs: number): void {
    this.#since = now();
    this.#limitMs = limitMs * this.#factor;
  }

  /** Call this when the worker has sent a response. */
  restart(): void {
    this.#since = now();
  }

  get isOver(): boolean {
    return now() - this.#since >= this.#limitMs;
  }

  /** Extends the limit when this thread was late: perhaps the whole process was stopped, and the worker could not respond either. */
  extend(ms: number): void {
    this.#since = Math.min(now(), this.#since + ms);
  }

  /** Call this when all calls were taken back because none had been started. With the same limit, they would be taken back again, forever. */
  widen(): void {
    this.#factor *= 2;
  }

  /** Call this when a batch was completed in time. */
  narrow(): void {
    this.#factor = Math.max(1, this.#factor / 2);
  }
}
