import fs from 'node:fs';

import { Number, process, Uint8Array } from '../intrinsics.ts';
import { readText } from './read-text.ts';

// Bound when offloop is imported: a task may replace them.
const { openSync, readSync, readlinkSync } = fs;
const { cpuUsage, platform } = process;
/** Node 22.15 and 23.9 have it. */
const { threadCpuUsage } = process as { threadCpuUsage?: () => { readonly user: number; readonly system: number } };

/** How much CPU time a thread has used since it started, in ms; undefined where that cannot be read any more. */
export type CpuReader = () => number | undefined;

/**
 * Reads the CPU time of this thread, in 1 to 2 µs. Undefined where the system or this version of Node does not tell it.
 *
 * Linux brings the counter of a running thread up to date with each tick of its clock, which is 4 ms or 10 ms old at worst. It does so,
 * too, where the thread asks for the CPU time of the whole process (`thread_group_cputime()` of the kernel), so each reading asks for
 * that first.
 */
export function ownCpuReader(): CpuReader | undefined {
  if (threadCpuUsage !== undefined) {
    return () => {
      cpuUsage();
      const { user, system } = threadCpuUsage();
      return (user + system) / 1000;
    };
  }
  const file = platform === 'linux' ? open('/proc/thread-self/schedstat') : undefined;
  // A kernel that does not count says 0.
  if (file === undefined || readSchedstat(file) === undefined) return undefined;
  return () => {
    cpuUsage();
    return readSchedstat(file);
  };
}

/** The kernel's id of this thread; 0 where there is none. */
export function ownThreadId(): number {
  try {
    const [, pid, id] = (platform === 'linux' ? /^(\d+)\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self')) : null) ?? [];
    // In the /proc of another namespace, the ids are others than those that system calls take.
    return Number(pid) === process.pid ? Number(id) : 0;
  } catch {
    // There is no /proc, or reading it is not allowed (`--permission`).
    return 0;
  }
}

/** The CPU time of another thread of this process, in ms, as of the last tick; undefined where it cannot be read. @param id the kernel's id */
export function cpuOfThread(id: number): number | undefined {
  return id > 0 ? activityIn(`/proc/self/task/${id}`)?.ranMs : undefined;
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

const bytes = new Uint8Array(64);

/** How long a thread or a process has had a CPU, and has waited for one, in ms. */
export interface Activity {
  readonly ranMs: number;
  readonly waitedMs: number;
}

/**
 * The activity of a thread or process, as of the last tick; undefined where it cannot be read, or the kernel does not count. Takes about 15 µs.
 * @param folder its folder in /proc
 */
export function activityIn(folder: string): Activity | undefined {
  const [ran = 0, waited = 0] = (readText(`${folder}/schedstat`) ?? '').split(' ').map(Number);
  return ran > 0 && waited >= 0 ? { ranMs: ran / 1e6, waitedMs: waited / 1e6 } : undefined;
}

/** The first number of the file: ns on a CPU. @see https://docs.kernel.org/scheduler/sched-stats.html */
function readSchedstat(file: number): number | undefined {
  let ns = 0;
  try {
    const length = readSync(file, bytes, 0, 64, 0);
    for (let i = 0; i < length && bytes[i]! !== 32; i++) ns = ns * 10 + bytes[i]! - 48;
  } catch {
    return undefined;
  }
  return ns > 0 ? ns / 1e6 : undefined;
}
