import { existsSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

import { inCleanRoot } from '../../context/root.ts';
import { startLibuvThreads } from '../../node/cpus/libuv-threads.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';

/**
 * Aged threads together get about this share of the CPU while light tasks take all that is left, by the kernel's weights: 1024 for a
 * thread of niceness 0, and a factor of 1.25 for each step. Measured with 2 heavy threads beside 2 light ones on 2 cores (Linux 6.18): niceness
 * 4 leaves the heavy ones 29 % of the CPU, 5 leaves 25 %, 10 leaves 10 %, 19 leaves 2 %; with 8 heavy ones, 10 leaves them 30 %.
 * See bench/nice.js.
 */
const SHARE = 0.28;
const STEP = 1.25;
const LEAST = 2;
const MOST = 10;
const LOWEST_PRIORITY = 19;

/** Only Linux takes a thread's id; elsewhere the same number would name a process. */
const isLinux = process.platform === 'linux';

/** How much lower the priority of aged threads is to be, so that they get their share. */
export function nicenessFor(aged: number, light: number): number {
  const weight = (SHARE / (1 - SHARE)) * (light / aged);
  return Math.min(MOST, Math.max(LEAST, Math.round(Math.log(1 / weight) / Math.log(STEP))));
}

/**
 * Lowers the priority of threads and processes, and raises it again where the system lets us: without privileges it does not, and the thread
 * stays as it is.
 */
export class Niceness {
  #canLower = isLinux;
  /** Whether a priority can be raised again; undefined until that was tried. */
  #canRaise: boolean | undefined;
  /** The niceness that a worker had before: a task may have set another one than that of this process. */
  readonly #before = new WeakMap<PoolWorker, number>();

  /** Whether another priority may be lowered. @param lowered how many are lowered, of at most so many that may stay lowered */
  mayLower(lowered: number, most: number): boolean {
    return this.#canLower && (this.#canRaise === true || lowered < most);
  }

  /** @param by how many steps below the priority that the worker had before */
  lower(worker: PoolWorker, by: number): void {
    if (worker.loweredBy >= by) return;
    inCleanRoot(startLibuvThreads);
    // Right before the priority is set: the system may give the id to another thread.
    if (!isThere(worker)) return;
    const { tid } = worker.engine;
    const result = attempt(() => {
      const before = this.#before.get(worker) ?? getPriority(tid);
      setPriority(tid, Math.min(LOWEST_PRIORITY, before + by));
      this.#before.set(worker, before);
    });
    if (result === 'done') worker.loweredBy = by;
    else if (result === 'denied') this.#canLower = false;
  }

  raise(worker: PoolWorker): void {
    if (this.#canRaise === false || !isThere(worker)) return;
    const result = attempt(() => { setPriority(worker.engine.tid, this.#before.get(worker)!); });
    if (result === 'gone') return;
    this.#canRaise = result === 'done';
    if (!this.#canRaise) return;
    worker.loweredBy = 0;
    this.#before.delete(worker);
  }
}

function isThere({ engine: { procFolder } }: PoolWorker): boolean {
  return procFolder !== undefined && existsSync(procFolder);
}

/** @returns 'denied' where the system does not let us: raising a priority needs a privilege, and a sandbox may forbid to lower one */
function attempt(set: () => void): 'done' | 'denied' | 'gone' {
  try {
    set();
    return 'done';
  } catch (error) {
    // The thread may have ended just now (ESRCH).
    return (error as { info?: { code?: unknown } }).info?.code === 'ESRCH' ? 'gone' : 'denied';
  }
}
