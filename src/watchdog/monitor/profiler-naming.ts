import { now } from '../../node/clock.ts';
import type { ProbeTime, ProfileSummary } from '../protocol/findings.ts';
import type { ProbeClient } from './probe-client.ts';

/** How long the profiler waits for the next stall without a trace, in ms. */
const PROFILE_FOR = 60_000;
/** Starting the profiler stops the watched thread. Allowed are so many ms in all, and then so much of the time. */
const ALLOWANCE = 500;
const SHARE = 0.01;
/** No more starts and stops of the profiler fall into one stall. */
const MAX_SPANS = 4;

/**
 * Names what has left no trace: a native call that was the last thing its function did. After such a stall V8's profiler samples
 * the next minute, so that the next stall of the kind is named exactly.
 */
export class ProfilerNaming {
  readonly #probeClient: ProbeClient;
  readonly #since = now();
  #profileUntil = 0;
  #spentMs = 0;
  #ownSpans: readonly Omit<ProbeTime<unknown>, 'value'>[] = [];
  #isBusy = false;

  constructor(probeClient: ProbeClient) {
    this.#probeClient = probeClient;
  }

  /** Whether the profiler itself, while it starts or stops, may be what blocks the watched thread now. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** For how long starting and stopping the profiler blocked the watched thread between two instants of `now()`, in ms. */
  ownMs(from: number, to: number): number {
    return this.#ownSpans.reduce((sum, span) => sum + Math.max(0, Math.min(to, span.to) - Math.max(from, span.from)), 0);
  }

  get isProfiling(): boolean {
    return this.#profileUntil !== 0;
  }

  /** Has the profiler sample the next minute, unless that has cost too much already. */
  async start(): Promise<void> {
    const at = now();
    if (this.#isBusy || this.isProfiling || this.#spentMs > ALLOWANCE + (at - this.#since) * SHARE) return;
    if ((await this.#whileBusy(() => this.#probeClient.startProfiler())) === true) this.#profileUntil = now() + PROFILE_FOR;
  }

  /** Stops the profiler. Returns what ran most of the time between two instants of `now()`. */
  name(from: number, to: number): Promise<ProfileSummary | undefined> {
    this.#profileUntil = 0;
    return this.#whileBusy(() => this.#probeClient.stopProfiler(from, to));
  }

  /** Stops the profiler where no such stall came within the minute. */
  tick(at: number): void {
    if (this.isProfiling && at > this.#profileUntil && !this.#isBusy) void this.name(0, 0);
  }

  async #whileBusy<R>(work: () => Promise<ProbeTime<R>>): Promise<R | undefined> {
    this.#isBusy = true;
    try {
      const { value, ...span } = await work();
      this.#spentMs += span.to - span.from;
      this.#ownSpans = [...this.#ownSpans.slice(1 - MAX_SPANS), span];
      return value;
    } catch {
      // The process ends, or the probe has stopped.
      return undefined;
    } finally {
      this.#isBusy = false;
    }
  }
}
