import type { Activity } from '../../node/cpus/thread-cpu.ts';

/** The kernel's counts of a thread since its start; a thread also waits while a quota is used up. */
export interface ThreadTimes extends Activity {
  readonly id: number;
}

/** The pool at the moment of a look. */
export interface Load {
  /** An instant of `now()`. */
  readonly at: number;
  /** How many workers have a task; those with a lowered priority are left out. */
  readonly busy: number;
  /** Whether calls wait, so that one more thread would have work. */
  readonly isQueueing: boolean;
}

/** A long task must not hold up all others. */
const LEAST_THREADS = 2;
/** A judgement needs the figures of this many ms. */
const WINDOW_MS = 2000;
/** The part of the time in which workers want a CPU that they have one: below the first there are too many, above the second room for more. */
const TOO_LITTLE = 0.7;
const ENOUGH = 0.9;
/** CPU time a second that may be lost by one thread fewer, or must be won by one thread more, to speak of a difference. */
const DIFFERENCE = 0.05;
/** A trial that has met no full load for this long is given up: what was measured before it is too old. */
const LONGEST_TRIAL_MS = 60_000;
/** The pause after a trial that brought nothing: the first, and the longest. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 300_000;

/**
 * Finds out how many threads get a CPU, where no quota says it: in a container whose limit cannot be read, or beside other programs. Workers
 * that wait much for a CPU may be too many. One is left out then, as a trial: where the workers' CPU time a second stays the same, they only
 * took it from each other, and the smaller number holds. Where it falls, other programs have taken the CPU, and fewer threads would give
 * them more: the number goes back, and the next trial comes after a pause, each twice as long as the one before. A larger number is tried
 * in the same way, once the workers get the CPU.
 *
 * Call `look()` about once a second while the pool is busy, and start no more than `threads` workers at a time. The figures are those of
 * `/proc/self/task/<tid>/schedstat` on Linux (https://docs.kernel.org/scheduler/sched-stats.html): ns on a CPU, and ns in its queue.
 * Where there are none, `threads` stays the largest number.
 */
export class Contention {
  readonly #max: number;
  readonly #sample: () => readonly ThreadTimes[] | undefined;
  #threads: number;
  #window: Window | undefined;
  /** The trial that is going on. */
  #trial: Trial | undefined;
  readonly #pauses = { '1': new Pause(), '-1': new Pause() };

  /**
   * @param max the largest number of threads
   * @param sample reads the times of the workers that have a task, those with a lowered priority left out; undefined where there are none
   */
  constructor(max: number, sample: () => readonly ThreadTimes[] | undefined) {
    this.#max = max;
    this.#sample = sample;
    this.#threads = max;
  }

  /** How many threads should run, from 2 to the largest number. */
  get threads(): number {
    return this.#threads;
  }

  /** @returns whether `threads` has changed */
  look(load: Load): boolean {
    const { at, busy, isQueueing } = load;
    // Where a worker has nothing to do, or a task of before the trial still runs, the figures say nothing about the number of threads.
    const isTelling = isQueueing && busy === this.#threads;
    const times = isTelling ? this.#sample() : undefined;
    if (times === undefined || times.length === 0) {
      this.#window = undefined;
      return this.#trial !== undefined && this.#giveUp(this.#trial, load);
    }
    this.#window ??= new Window(at);
    this.#window.add(times);
    if (at - this.#window.startedAt < WINDOW_MS) return false;
    const { rate, share } = this.#window.judge(at);
    this.#window = undefined;
    return this.#trial === undefined ? this.#consider(rate, share, at) : this.#decide(this.#trial, rate, at);
  }

  /** Begins a trial where the figures call for one. */
  #consider(before: number, share: number, at: number): boolean {
    const step = share < TOO_LITTLE && this.#threads > LEAST_THREADS ? -1 : share > ENOUGH && this.#threads < this.#max ? 1 : undefined;
    if (step === undefined || !this.#pauses[step].isOver(at)) return false;
    this.#trial = { step, before, begunAt: at };
    this.#threads += step;
    return true;
  }

  /** Without a full load, a trial shows nothing, and must not leave the pool with another number of threads. @returns whether the number goes back */
  #giveUp({ step, begunAt }: Trial, { at, isQueueing }: Load): boolean {
    // The tasks of before the trial may take a while.
    if (isQueueing && at - begunAt < LONGEST_TRIAL_MS) return false;
    this.#trial = undefined;
    this.#pauses[step].extend(at);
    this.#threads -= step;
    return true;
  }

  /** @returns whether the number goes back */
  #decide({ step, before }: Trial, rate: number, at: number): boolean {
    this.#trial = undefined;
    const isWorthIt = step < 0 ? rate >= before * (1 - DIFFERENCE) : rate > before * (1 + DIFFERENCE);
    if (isWorthIt) {
      this.#pauses[step].reset();
      // The number before was no better: do not try it again at once.
      this.#pauses[step < 0 ? 1 : -1].extend(at);
      return false;
    }
    this.#pauses[step].double();
    this.#pauses[step].extend(at);
    this.#threads -= step;
    return true;
  }
}

/** A thread more or fewer, and the CPU time a second before that. */
interface Trial {
  readonly step: 1 | -1;
  readonly before: number;
  readonly begunAt: number;
}

/** Sums up what workers got and missed between two looks. A worker that is seen for the first time counts from there. */
class Window {
  readonly startedAt: number;
  readonly #last = new Map<number, ThreadTimes>();
  #ran = 0;
  #waited = 0;

  constructor(startedAt: number) {
    this.startedAt = startedAt;
  }

  add(times: readonly ThreadTimes[]): void {
    for (const now of times) {
      const before = this.#last.get(now.id);
      if (before !== undefined) {
        this.#ran += Math.max(0, now.ranMs - before.ranMs);
        this.#waited += Math.max(0, now.waitedMs - before.waitedMs);
      }
      this.#last.set(now.id, now);
    }
  }

  /** `rate`: CPUs in use on average. `share`: the part of the time in which workers wanted a CPU that they had one. */
  judge(at: number): { rate: number; share: number } {
    const wanted = this.#ran + this.#waited;
    return { rate: this.#ran / (at - this.startedAt), share: wanted === 0 ? 1 : this.#ran / wanted };
  }
}

/** A pause between trials. */
class Pause {
  #ms = FIRST_PAUSE_MS / 2;
  #until = -Infinity;

  isOver(at: number): boolean {
    return at >= this.#until;
  }

  double(): void {
    this.#ms = Math.min(LONGEST_PAUSE_MS, this.#ms * 2);
  }

  extend(at: number): void {
    this.#until = at + Math.max(FIRST_PAUSE_MS, this.#ms);
  }

  reset(): void {
    this.#ms = FIRST_PAUSE_MS / 2;
    this.#until = -Infinity;
  }
}
