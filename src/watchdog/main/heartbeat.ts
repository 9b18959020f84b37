import { createHistogram, performance as hooks, type CreateHistogramOptions } from 'node:perf_hooks';

import { clearInterval, setInterval } from '../../node/clock.ts';
import { inCleanRoot } from '../../context/root.ts';
import type { SharedState } from '../protocol/shared-state.ts';
import { now } from '../protocol/clock.ts';
import type { LagStats } from '../types.ts';

/** A heartbeat of the main thread's event loop: each one says "alive" on the board, and how late it was. */
export class Heartbeat {
  readonly #board: SharedState;
  readonly #interval: number;
  readonly #onLate: (since: number, at: number) => void;
  readonly #timer: NodeJS.Timeout;
  #onFirst = (): void => undefined;
  // Two digits are plenty; an hour at most, in microseconds, since it holds whole numbers.
  readonly #lag = createHistogram({ __proto__: null, lowest: 1, highest: 3.6e9, figures: 2 } as CreateHistogramOptions);

  /**
   * @param interval ms
   * @param onLate is told of a beat that came later than `patience` ms after the one before
   */
  constructor(board: SharedState, interval: number, patience: number, onLate: (since: number, at: number) => void) {
    this.#board = board;
    this.#interval = interval;
    this.#onLate = onLate;
    // A timer belongs to the context that made it, and would keep that alive.
    this.#timer = inCleanRoot(() => setInterval(() => { this.#beat(patience); }, interval).unref());
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Calls back at the first beat, before which nothing is measured; keeps the process alive for it. */
  whenBeating(callback: () => void): void {
    if (this.#board.get('beat') !== 0) { callback(); return; }
    this.#onFirst = callback;
    this.#timer.ref();
  }

  /** What lies before now is over: what comes is measured on its own. */
  restart(): void {
    const instant = now();
    this.#board.set('beat', instant);
    signOfLife(this.#board, instant);
  }

  lag(): LagStats {
    const { count, mean, max } = this.#lag;
    if (count === 0) return { count, mean: 0, p50: 0, p99: 0, max: 0 };
    return { count, mean: mean / 1000, p50: this.#lag.percentile(50) / 1000, p99: this.#lag.percentile(99) / 1000, max: max / 1000 };
  }

  #beat(patience: number): void {
    const instant = now();
    const before = this.#board.get('beat');
    this.#board.set('beat', instant);
    signOfLife(this.#board, instant);
    if (before === 0) { this.#begin(); return; }
    const late = Math.max(0, instant - before - this.#interval);
    this.#lag.record(Math.min(3.6e9, Math.max(1, Math.round(late * 1000))));
    this.#board.recordLag(late);
    if (instant - before < patience) return;
    this.#board.set('lateFrom', before);
    this.#board.set('lateTo', instant);
    this.#onLate(before, instant);
  }

  #begin(): void {
    this.#timer.unref();
    this.#onFirst();
  }
}

/**
 * Says that whatever ran before has ended, and how long the loop has slept so far: what it sleeps from now on tells when
 * the callback began that comes next.
 */
export function signOfLife(board: SharedState, instant: number): void {
  board.set('idle', idleTime());
  board.set('alive', instant);
}

/** How long the event loop has waited for events since it started, in ms. */
export function idleTime(): number {
  return hooks.eventLoopUtilization().idle;
}
