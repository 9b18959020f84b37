import { createHistogram, type CreateHistogramOptions } from 'node:perf_hooks';

import { clearInterval, now, setInterval } from '../../node/clock.ts';
import { inCleanRoot } from '../../context/root.ts';
import { noteSignOfLife } from '../probe/sign-of-life.ts';
import type { SharedState } from '../protocol/shared-state.ts';
import type { LagStats } from '../types.ts';

/** The heartbeat of the watched event loop: each beat writes into the shared state that the loop turns, and how late the beat was. */
export class Heartbeat {
  readonly #sharedState: SharedState;
  readonly #interval: number;
  readonly #onLate: (since: number, at: number) => void;
  readonly #timer: NodeJS.Timeout;
  #onFirst = (): void => undefined;
  // Two digits are plenty. At most an hour, in microseconds, since a histogram holds whole numbers.
  readonly #lag = createHistogram({ __proto__: null, lowest: 1, highest: 3.6e9, figures: 2 } as CreateHistogramOptions);

  /**
   * @param interval ms
   * @param threshold ms
   * @param onLate called for a beat that comes `threshold` or more after the one before
   */
  constructor(sharedState: SharedState, interval: number, threshold: number, onLate: (since: number, at: number) => void) {
    this.#sharedState = sharedState;
    this.#interval = interval;
    this.#onLate = onLate;
    // A timer belongs to the context that made it, and would keep the stores of that context alive.
    this.#timer = inCleanRoot(() => setInterval(() => { this.#beat(threshold); }, interval).unref());
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Calls back at the first beat, before which nothing is measured. Keeps the process alive for that beat. */
  whenBeating(callback: () => void): void {
    if (this.#sharedState.get('beat') !== 0) { callback(); return; }
    this.#onFirst = callback;
    this.#timer.ref();
  }

  /** Counts the time from now on, as if a beat had just come. */
  restart(): void {
    const instant = now();
    this.#sharedState.set('beat', instant);
    noteSignOfLife(this.#sharedState, instant);
  }

  lag(): LagStats {
    const { count, mean, max } = this.#lag;
    if (count === 0) return { count, mean: 0, p50: 0, p99: 0, max: 0 };
    return { count, mean: mean / 1000, p50: this.#lag.percentile(50) / 1000, p99: this.#lag.percentile(99) / 1000, max: max / 1000 };
  }

  #beat(threshold: number): void {
    const instant = now();
    const before = this.#sharedState.get('beat');
    this.#sharedState.set('beat', instant);
    noteSignOfLife(this.#sharedState, instant);
    if (before === 0) { this.#begin(); return; }
    const late = Math.max(0, instant - before - this.#interval);
    this.#lag.record(Math.min(3.6e9, Math.max(1, Math.round(late * 1000))));
    this.#sharedState.recordLag(late);
    if (instant - before < threshold) return;
    this.#sharedState.set('lateFrom', before);
    this.#sharedState.set('lateTo', instant);
    this.#onLate(before, instant);
  }

  #begin(): void {
    this.#timer.unref();
    this.#onFirst();
  }
}
