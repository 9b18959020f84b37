import type { TaskCpu } from '../cpu/account.ts';
import { ENOUGH_RUNS, RunEstimate } from './estimate.ts';

/** Runs below this, in ms, count as equally short: no decision needs to tell them apart. */
export const SHORT_MS = 0.25;
const LOG_SHORT = Math.log(SHORT_MS);
/** Logarithms that differ by less than this are taken to be the same: run times that differ by 1 %. */
const SAME_LOG = 0.01;
/** The weight of the newest run is 1/n for the first n runs, and then stays at this one. */
const LEAST_WEIGHT = 0.15;

/** The lane of calls about whose run time nothing is known. */
export const UNKNOWN_LANE = 0;

/** Run times in powers of two, in lanes from 1 (below 1 ms). */
export function laneOf(ms: number): number {
  return ms < 1 ? 1 : 2 + Math.min(24, Math.floor(Math.log2(ms)));
}

/** The shortest run time of a lane, in ms. */
export function leastOfLane(lane: number): number {
  return lane <= 1 ? 0 : 2 ** (lane - 2);
}

/** The timings of a task, to which its runs are added. */
export interface Timings {
  count: number;
  failed: number;
  progressDropped: number;
  readonly cpu: TaskCpu;
  /** The knowledge that the last run has added to. */
  recent: Learned | undefined;
  record(waitMs: number, runMs: number, overheadMs: number): void;
}

/** The knowledge about arguments of another size, when those of a new size are first seen. */
export interface Neighbour {
  readonly learned: Learned;
  /** A run with larger arguments is taken to be longer in proportion. */
  readonly factor: number;
}

/**
 * The knowledge from the runs of a task so far, with arguments of one size. `expected` is a typical run, the geometric mean of recent ones:
 * among light runs a few heavy ones change it little, and after a heavy first run a few light ones correct it. `estimate` is the mean,
 * by which calls share messages.
 */
export class Learned {
  readonly timings: Timings;
  readonly estimate = new RunEstimate();
  /** Whether a spare worker has been used once to find out. */
  isExplored = false;
  /** How many of its calls wait in the queue. */
  waiting = 0;
  #runs = 0;
  #log = 0;
  #expected: number | undefined;
  #lane: number;
  readonly #neighbour: Neighbour | undefined;

  /** @param declared ms, as the user has said; undefined where nothing is known */
  constructor(timings: Timings, declared: number | undefined, neighbour: Neighbour | undefined) {
    this.timings = timings;
    this.#expected = declared;
    this.#lane = declared === undefined ? UNKNOWN_LANE : laneOf(declared);
    this.#neighbour = neighbour;
  }

  /** Ms; undefined while nothing is known. */
  get expected(): number | undefined {
    return this.#expected;
  }

  get lane(): number {
    return this.#lane;
  }

  /** Whether a run has ended. */
  get isKnown(): boolean {
    return this.#runs > 0;
  }

  /** Ms, for sharing messages. Infinity until there are enough runs, with arguments of this size or of the nearest one. */
  get mean(): number {
    return this.#runs < ENOUGH_RUNS ? this.#meanOfNeighbour : this.estimate.ms;
  }

  get #meanOfNeighbour(): number {
    return this.#neighbour === undefined ? Infinity : this.#neighbour.learned.estimate.ms * this.#neighbour.factor;
  }

  add(ms: number): void {
    if (this.timings.recent !== this) this.timings.recent = this;
    this.estimate.add(ms);
    this.#runs++;
    if (ms <= SHORT_MS && this.#log === LOG_SHORT) return;
    const weight = Math.max(LEAST_WEIGHT, 1 / this.#runs);
    const log = ms <= SHORT_MS ? LOG_SHORT : Math.log(ms);
    // Without the last step, the mean of short runs would only come closer and closer, and be computed anew for each of them.
    this.#log = Math.abs(log - this.#log) < SAME_LOG ? log : this.#log + (log - this.#log) * weight;
    this.#expected = Math.exp(this.#log);
    this.#lane = laneOf(this.#expected);
  }

  /**
   * Call this when a run was ended after so many ms: it would have taken longer. A run that had not begun took less than 0 ms.
   * @param heavyMs where nothing is known, a shorter run than this tells nothing, and a spare may find out anew
   */
  addAtLeast(ms: number, heavyMs: number): void {
    if (ms > (this.#expected ?? heavyMs)) this.add(ms);
    else this.isExplored = false;
  }
}
