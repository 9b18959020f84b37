import { existsSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

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
  /** False once a priority could not be raised again. */
  #canRaise = true;

  /** Whether another priority may be lowered. @param lowered how many are lowered, of at most so many that may stay lowered */
  mayLower(lowered: number, most: number): boolean {
    return isLinux && (this.#canRaise || lowered < most);
  }

  /** @param by how many steps below the priority of this process */
  lower(worker: PoolWorker, by: number): void {
    const { tid, procFolder } = worker.engine;
    if (worker.loweredBy >= by || procFolder === undefined || !existsSync(procFolder)) return;
    if (set(tid, Math.min(19, getPriority() + by))) worker.loweredBy = by;
  }

  raise(worker: PoolWorker): void {
    const { tid, procFolder } = worker.engine;
    if (!this.#canRaise || procFolder === undefined || !existsSync(procFolder)) return;
    if (set(tid, getPriority())) worker.loweredBy = 0;
    else this.#canRaise = false;
  }
}

function set(tid: number, niceness: number): boolean {
  try {
    setPriority(tid, niceness);
    return true;
  } catch {
    // Raising needs a privilege (EACCES), and the thread may be gone (ESRCH).
    return false;
  }
}
