import { now } from '../../node/clock.ts';
import { activityIn, type Activity } from '../../node/cpus/thread-cpu.ts';
import type { EngineWorker } from '../engines/engine.ts';

/** How often the CPU time of an aged task is read anew, in ms. */
const SAMPLE_EVERY_MS = 25;

/** A task that has had a CPU for less of its time than this is waiting for something else, or for a CPU. */
const BUSY_SHARE = 0.5;
/**
 * On a busy machine, a task that awaits something waits for a CPU each time it wakes up. One that never sleeps has a CPU, or waits for one, for
 * nearly all of its time.
 */
const AWAKE_SHARE = 0.9;
/** Such a task must have used a CPU for this part of `agedAfter`. */
const LEAST_USED = 0.25;

/** The running task of a worker, as seen when it was last looked at. */
interface Sample extends Activity {
  readonly at: number;
  /** Who has counted: the figures of two counters do not compare. */
  readonly counter: 'kernel' | 'event loop' | 'none';
}

/**
 * Follows how long the running task of a worker has been at it, and how much CPU time it has used. A task ages only where it uses a CPU: one
 * that awaits something, or is blocked in I/O, would leave a CPU free for nobody.
 */
export class Aging {
  #startedAt: number | undefined;
  #first: Sample | undefined;
  #last: Sample | undefined;
  #usedBefore = 0;
  #usedMs: number | undefined;

  /** The CPU time of an aged task, in ms; undefined where no task runs, or a young one, or one that waits. */
  get usedMs(): number | undefined {
    return this.#usedMs;
  }

  /** Call this when the task is over. */
  end(): void {
    this.#startedAt = this.#first = this.#last = this.#usedMs = undefined;
  }

  /** Looks at the task. @param startedAt when it was called in the worker @param agedAfter ms */
  update(engine: EngineWorker, startedAt: number | undefined, agedAfter: number): void {
    if (startedAt !== this.#startedAt) this.end();
    this.#startedAt = startedAt;
    const at = now();
    // The first look at half of the age shows whether the task uses a CPU.
    if (startedAt === undefined || at - startedAt < agedAfter / 2 || at - (this.#last?.at ?? -Infinity) < SAMPLE_EVERY_MS) return;
    const sample = sampleOf(engine, at);
    if (this.#last?.counter !== sample.counter) this.#first = this.#last = undefined;
    if (this.#last === undefined) this.#usedBefore = Math.min(at - startedAt, usedSoFar(engine, sample));
    else this.#usedBefore += sample.ranMs - this.#last.ranMs;
    const isBusy = this.#usedBefore >= BUSY_SHARE * (at - startedAt) || isBusyBetween(this.#last, sample) || this.#isAwake(sample, agedAfter);
    this.#usedMs = isBusy && at - startedAt >= agedAfter ? this.#usedBefore : undefined;
    this.#last = sample;
    this.#first ??= sample;
  }

  /** The kernel counts the time of waiting when it is over, so several looks are taken together. */
  #isAwake(sample: Sample, agedAfter: number): boolean {
    return this.#usedBefore >= LEAST_USED * agedAfter && (isAwakeBetween(this.#last, sample) || isAwakeBetween(this.#first, sample));
  }
}

/** Where there is no /proc, a thread's event loop tells how long it has been active; a process does not tell, and is taken to be busy. */
function sampleOf(engine: EngineWorker, at: number): Sample {
  const activity = engine.procFolder === undefined ? undefined : activityIn(engine.procFolder);
  if (activity !== undefined) return { at, counter: 'kernel', ...activity };
  const active = engine.activeMs();
  return active === undefined ? { at, counter: 'none', ranMs: at, waitedMs: 0 } : { at, counter: 'event loop', ranMs: active, waitedMs: 0 };
}

/** The CPU time since the last message of the worker; 0 where that is not known, and is counted from now on. */
function usedSoFar(engine: EngineWorker, { ranMs }: Sample): number {
  const before = engine.procFolder === undefined ? undefined : engine.cpuAtMessageEnd();
  return before === undefined ? 0 : Math.max(0, ranMs - before);
}

function isBusyBetween(one: Sample | undefined, other: Sample): boolean {
  return one !== undefined && other.ranMs - one.ranMs >= BUSY_SHARE * (other.at - one.at);
}

function isAwakeBetween(one: Sample | undefined, other: Sample): boolean {
  return one !== undefined && other.ranMs - one.ranMs + other.waitedMs - one.waitedMs >= AWAKE_SHARE * (other.at - one.at);
}
