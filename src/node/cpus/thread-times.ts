import { readText } from './read-text.ts';

/**
 * How long a thread of this process has been on a CPU, and how long it has waited for one, in ms since its start. Linux counts both in
 * `schedstat` (https://docs.kernel.org/scheduler/sched-stats.html). Undefined where this cannot be read, or the kernel does not count.
 * Takes about 20 µs.
 * @param id the kernel's id of the thread @param root the folder that stands for `/`
 */
export function timesOfThread(id: number, root = ''): { ran: number; waited: number } | undefined {
  const [ran = 0, waited = 0] = (readText(`${root}/proc/self/task/${String(id)}/schedstat`) ?? '').split(' ').map(Number);
  return ran > 0 && waited >= 0 ? { ran: ran / 1e6, waited: waited / 1e6 } : undefined;
}
