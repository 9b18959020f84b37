import { availableParallelism } from 'node:os';

import { cpuQuota } from './cgroup-quota.ts';
import { readText } from './read-text.ts';

/** The CPUs that this process may use. */
export interface Cpus {
  /** The CPUs that the process may run on. */
  readonly available: number;
  /** How many CPUs' worth of time the process gets, such as 0.25; absent where no quota is set, or none can be read. */
  readonly quota?: number;
}

/**
 * Reads which CPUs and how much of their time this process may use. On Linux, the count of the CPUs comes from the kernel's files, and
 * `availableParallelism()` is used elsewhere only: Node 20 does not include the quota in its count, Node 22.12 to 22.16 may return 1 on a
 * large machine (https://github.com/nodejs/node/issues/58428), and later versions round a quota down, and ignore a quota below one CPU on
 * cgroup v1 (https://github.com/nodejs/node/issues/59200).
 *
 * Takes 0.1 to 0.2 ms on Linux, and up to 1 ms the first time.
 *
 * @param root the folder that stands for `/`
 */
export function readCpus(root = ''): Cpus {
  const available = allowedCpus(root) ?? availableParallelism();
  const quota = cpuQuota(root);
  return quota === undefined ? { available } : { available, quota };
}

/** How many of the machine's CPUs are online and in the process's affinity mask; undefined where this cannot be read. */
function allowedCpus(root: string): number | undefined {
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readText(`${root}/proc/self/status`) ?? '')?.[1];
  const online = readText(`${root}/sys/devices/system/cpu/online`)?.trim();
  if (allowed === undefined || online === undefined) return undefined;
  const [mask, ranges] = [rangesOf(allowed), rangesOf(online)];
  let count = 0;
  // A mask may name CPUs that the machine could have, and has not.
  for (const [first, last] of mask) {
    for (const [from, to] of ranges) count += Math.max(0, Math.min(last, to) - Math.max(first, from) + 1);
  }
  return count > 0 ? count : undefined;
}

/** "0-3,8" */
function rangesOf(list: string): [number, number][] {
  return list.split(',').map((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return [first!, last!];
  });
}
