import { now } from '../../node/clock.ts';
import { activityIn, type Activity } from '../../node/cpus/thread-cpu.ts';
import type { EngineWorker } from '../engines/engine.ts';

/** How often the CPU time of an aged task is read anew, in ms. */
const SAMPLE_EVERY_MS = 25;

/** A task that has used, or waited for, a CPU for less of its time than this is waiting for something else. */
const BUSY_SHARE = 0.5;

/**
 * On a busy machine, a task that only wakes up now and then waits for a CPU most of that time: so it must have had one for this share of
 * its time, too. A thread whose priority is lowered may get as little as 3 %.
 */
const LEAST_SHARE = { usual: 0.1, lowered: 0.02 };

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
  #last: Sample | undefined;
  #usedBefore = 0;
  #usedMs: number | undefined;

  /** The CPU time of an aged task, in ms; undefined where no task runs, or a young one, or one that waits. */
  get usedMs(): number | undefined {
    return this.#usedMs;
  }

  /** Call this when the task is over. */
  end(): void {
    this.#startedAt = this.#last = this.#usedMs = undefined;
  }

  /** Looks at the task. @param startedAt when it was called in the worker @param agedAfter ms @param isLowered whether its thread has a lower priority */
  update(engine: EngineWorker, startedAt: number | undefined, agedAfter: number, isLowered: boolean): void {
    if (startedAt !== this.#startedAt) this.end();
    this.#startedAt = startedAt;
    const at = now();
    // The first look at half of the age shows whether the task uses a CPU.
    if (startedAt === undefined || at - startedAt < agedAfter / 2 || at - (this.#last?.at ?? -Infinity) < SAMPLE_EVERY_MS) return;
    const sample = sampleOf(engine, at);
    if (this.#last?.counter !== sample.counter) this.#last = undefined;
    if (this.#last === undefined) this.#usedBefore = Math.min(at - startedAt, usedSoFar(engine, sample));
    else this.#usedBefore += sample.ranMs - this.#last.ranMs;
    const isBusy = this.#usedBefore >= BUSY_SHARE * (at - startedAt) || isBusyBetween(this.#last, sample, isLowered ? LEAST_SHARE.lowered : LEAST_SHARE.usual);
    this.#usedMs = isBusy && at - startedAt >= agedAfter ? this.#usedBefore : undefined;
    this.#last = sample;
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

function isBusyBetween(one: Sample | undefined, other: Sample, leastShare: number): boolean {
  if (one === undefined) return false;
  const [ms, ran, waited] = [other.at - one.at, other.ranMs - one.ranMs, other.waitedMs - one.waitedMs];
  return ran >= leastShare * ms && ran + waited >= BUSY_SHARE * ms;
}
