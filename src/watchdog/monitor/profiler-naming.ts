import type { ProbeClient } from './probe-client.ts';
import { now } from '../protocol/clock.ts';
import type { ProbeTime } from '../probe/probe.ts';
import type { Sampled } from '../probe/sampler.ts';

/** How long it is sampled, waiting for the next stall without a trace, in ms. */
const SAMPLE_FOR = 60_000;
/** Starting it stops the main thread: at first for so many ms in all, then for so much of the time. */
const ALLOWANCE = 500;
const SHARE = 0.01;
/** More of them do not fall into one stall. */
const MAX_SPANS = 4;

/**
 * Names what has left no trace: a native call that was the last thing its function did. After such a stall the next
 * minute is sampled, so that the next one is named exactly.
 */
export class ProfilerNaming {
  readonly #prober: ProbeClient;
  readonly #since = now();
  #sampleUntil = 0;
  #spent = 0;
  #own: readonly Omit<ProbeTime<unknown>, 'value'>[] = [];
  #isBusy = false;

  constructor(prober: ProbeClient) {
    this.#prober = prober;
  }

  /** It may be this that stops the main thread now. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** For how long this has stopped the main thread between two instants of `now()`, in ms. */
  ownMs(from: number, to: number): number {
    return this.#own.reduce((sum, span) => sum + Math.max(0, Math.min(to, span.to) - Math.max(from, span.from)), 0);
  }

  get isSampling(): boolean {
    return this.#sampleUntil !== 0;
  }

  /** Has the next minute sampled, where that has not cost too much yet. */
  async start(): Promise<void> {
    const at = now();
    if (this.#isBusy || this.isSampling || this.#spent > ALLOWANCE + (at - this.#since) * SHARE) return;
    if ((await this.#busy(() => this.#prober.sample())) === true) this.#sampleUntil = now() + SAMPLE_FOR;
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

  async #busy<R>(work: () => Promise<ProbeTime<R>>): Promise<R | undefined> {
    this.#isBusy = true;
    try {
      const { value, ...span } = await work();
      this.#spent += span.to - span.from;
      this.#own = [...this.#own.slice(1 - MAX_SPANS), span];
      return value;
    } catch {
      // The process ends, or the main thread has let go of its side.
      return undefined;
    } finally {
      this.#isBusy = false;
    }
  }
}
