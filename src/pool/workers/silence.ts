import { now } from '../../node/clock.ts';

/** How long a worker may send no response to a batch, until the calls that it has not started go to other workers. */
export class SilenceLimit {
  /** When the worker was sent something, or sent a response, last. */
  #since = 0;
  #limitMs = 0;
  /** Multiplies the limit: the messages of this worker may be large, and take long to arrive. */
  #factor = 1;

  /** The worker has just been sent a batch. @param limitMs how long it may be silent */
  begin(limitMs: number): void {
    this.#since = now();
    this.#limitMs = limitMs * this.#factor;
  }

  /** The worker has sent a response. */
  restart(): void {
    this.#since = now();
  }

  get isOver(): boolean {
    return now() - this.#since >= this.#limitMs;
  }

  /** This thread was held up for so many ms, and perhaps the whole process: then the worker could not respond either. */
  extend(ms: number): void {
    this.#since = Math.min(now(), this.#since + ms);
  }

  /** All calls were taken back, since none had been started. Sent again with the same limit, they would be taken back again, for ever. */
  widen(): void {
    this.#factor *= 2;
  }

  /** A batch has been responded to in time. */
  narrow(): void {
    this.#factor = Math.max(1, this.#factor / 2);
  }
}
