import { readFileSync } from 'node:fs';

import type { MessageTag } from '../../wire/control-block.ts';
import type { CpuSource } from './cpu-source.ts';

/** The unit of times in /proc, which is the same on all systems that Node supports, in ms. */
const TICK_MS = 10;

/** The CPU time of a worker process with all its threads, which comes with each response. */
export class ProcessCpuSource implements CpuSource {
  readonly #pid: number | undefined;
  #tag: MessageTag = 0;
  #ms: number | undefined;
  /** The CPU time of the process when it was last told, in ms. */
  #lastTold: number | undefined;

  constructor(pid: number | undefined) {
    this.#pid = pid;
  }

  /** @param atEnd the CPU time of the process, in ms @param ms that of the message; undefined where the process has only started */
  record(atEnd: number | undefined, tag: MessageTag = 0, ms?: number): void {
    this.#lastTold = atEnd;
    this.#tag = tag;
    this.#ms = ms;
  }

  ofMessage(tag: MessageTag): number | undefined {
    return tag === this.#tag ? this.#ms : undefined;
  }

  soFar(tag: MessageTag): number | undefined {
    const told = this.ofMessage(tag);
    const now = told === undefined && this.#lastTold !== undefined ? cpuOfProcess(this.#pid) : undefined;
    return now === undefined ? told : Math.max(0, now - this.#lastTold!);
  }
}

/** Undefined where there is no /proc. @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function cpuOfProcess(pid: number | undefined): number | undefined {
  if (process.platform !== 'linux' || pid === undefined) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, the name, may have blanks and brackets in it. The fields of the user's and the system's time are the 14th and 15th.
    const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
    return (user! + system!) * TICK_MS;
  } catch {
    return undefined;
  }
}
