import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';

/** How the operating system has treated one thread, in ms since it started. */
export interface Scheduling {
  readonly onCpu: number;
  /** Ready to run, without a CPU. */
  readonly waiting: number;
}

/**
 * Reads what Linux counts for one thread, in `/proc/<pid>/task/<tid>/schedstat`: ns on a CPU, ns waiting for a CPU. The
 * figures of the process would be of no use, since they include the work of other threads. Other systems have no such file.
 * @see https://docs.kernel.org/scheduler/sched-stats.html
 */
export class SchedulingReader {
  readonly #file: number | undefined;
  readonly #buffer = Buffer.alloc(80);

  /** @param thread the thread's folder under /proc */
  constructor(thread: string | undefined) {
    this.#file = thread === undefined ? undefined : open(`/proc/${thread}/schedstat`);
  }

  read(): Scheduling | undefined {
    if (this.#file === undefined) return undefined;
    try {
      const length = readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0);
      const [onCpu, waiting] = this.#buffer.toString('latin1', 0, length).split(' ').map(Number);
      return onCpu === undefined || waiting === undefined || onCpu === 0 ? undefined : { onCpu: onCpu / 1e6, waiting: waiting / 1e6 };
    } catch {
      return undefined;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

/** This thread's folder under /proc; undefined on systems without such a folder. */
export function ownThread(): string | undefined {
  try {
    return process.platform === 'linux' ? readlinkSync('/proc/thread-self') : undefined;
  } catch {
    return undefined;
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}
