import { cgroupFolders, type CgroupFolders } from './cgroup-folders.ts';
import { readText } from './read-text.ts';

/**
 * The smallest CPU quota of the process's control group and of the groups above, in CPUs: 0.25 is a quarter of one CPU's time. Undefined
 * where no quota is set, or none can be read. Files: `cpu.max` (https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files),
 * `cpu.cfs_quota_us` and `cpu.cfs_period_us` (https://docs.kernel.org/scheduler/sched-bwc.html).
 */
export function cpuQuota(root: string): number | undefined {
  let smallest = Infinity;
  for (const { version, folders } of cgroupFolders(root)) {
    for (const folder of folders) smallest = Math.min(smallest, (version === 2 ? quotaV2(folder) : quotaV1(folder)) ?? Infinity);
  }
  return smallest === Infinity ? undefined : smallest;
}

type ReadQuota = (folder: CgroupFolders['folders'][number]) => number | undefined;

/** "50000 100000", or "max 100000" where no quota is set. The group at the root of the hierarchy has no such file. */
const quotaV2: ReadQuota = (folder) => {
  const [quota, period] = (readText(`${folder}/cpu.max`) ?? '').trim().split(/\s+/);
  return ratio(quota, period);
};

/** A quota of -1 stands for no quota. */
const quotaV1: ReadQuota = (folder) => {
  const quota = readText(`${folder}/cpu.cfs_quota_us`)?.trim();
  return Number(quota) > 0 ? ratio(quota, readText(`${folder}/cpu.cfs_period_us`)?.trim()) : undefined;
};

function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const cpus = Number(quota) / Number(period);
  return cpus > 0 && cpus < Infinity ? cpus : undefined;
}
