import type { Prober } from './capture.ts';
import { now } from './clock.ts';
import type { Sampled } from './sampler.ts';

/** How long it is sampled, waiting for the next stall without a trace, in ms. */
const SAMPLE_FOR = 60_000;
/** Starting it stops the main thread: at first for so many ms in all, then for so much of the time. */
const ALLOWANCE = 500;
const SHARE = 0.01;

/**
 * Names what has left no trace: a native call that was the last thing its function did. After such a stall the next
 * minute is sampled, so that the next one is named exactly.
 */
export class Naming {
  readonly #prober: Prober;
  readonly #since = now();
  #sampleUntil = 0;
  #spent = 0;
  #isBusy = false;

  constructor(prober: Prober) {
    this.#prober = prober;
  }

  /** It is this that stops the main thread then. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  get isSampling(): boolean {
    return this.#sampleUntil !== 0;
  }

  /** Has the next minute sampled, where that has not cost too much yet. */
  async start(): Promise<void> {
    const at = now();
    if (this.#isBusy || this.isSampling || this.#spent > ALLOWANCE + (at - this.#since) * SHARE) return;
    const isSampling = await this.#busy(() => this.#prober.sample());
    this.#spent += now() - at;
    if (isSampling === true) this.#sampleUntil = now() + SAMPLE_FOR;
  }

  /** What ran most of the time between two instants of `now()`; sampling ends with it. */
  name(from: number, to: number): Promise<Sampled | undefined> {
    this.#sampleUntil = 0;
    return this.#busy(() => this.#prober.sampled(from, to));
  }

  /** Nothing came in the time. */
  tick(at: number): void {
    if (this.isSampling && at > this.#sampleUntil && !this.#isBusy) void this.name(0, 0);
  }

  async #busy<R>(work: () => Promise<R>): Promise<R | undefined> {
    this.#isBusy = true;
    try {
      return await work();
    } catch {
      // The process ends, or the main thread has let go of its side.
      return undefined;
    } finally {
      this.#isBusy = false;
    }
  }
}
