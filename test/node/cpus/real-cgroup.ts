import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

import { cgroupFolders } from '../../../src/node/cpus/cgroup-folders.ts';

/** A control group of its own, below that of this process. */
export interface RealCgroup {
  setQuota(cpus: number): void;
  /** The file that a process writes its id to, so that it moves into the group. */
  readonly processes: string;
  remove(): void;
}

const PERIOD = 100_000;

/** @returns in words, why the kernel does not let this process make a control group with a quota */
export function createCgroup(): RealCgroup | string {
  if (process.platform !== 'linux') return 'there are no control groups on this system';
  const reasons: string[] = [];
  for (const { version, folders: [own] } of cgroupFolders('')) {
    const folder = `${own!}/offloop-test-${String(process.pid)}`;
    try {
      mkdirSync(folder);
    } catch (error) {
      reasons.push(String(error));
      continue;
    }
    const remove = (): void => { removeEmpty(folder); };
    const setQuota = (cpus: number): void => {
      if (version === 2) writeFileSync(`${folder}/cpu.max`, `${String(cpus * PERIOD)} ${String(PERIOD)}`, { flag: 'r+' });
      else writeFileSync(`${folder}/cpu.cfs_quota_us`, String(cpus * PERIOD), { flag: 'r+' });
    };
    try {
      if (version === 1) readFileSync(`${folder}/cpu.cfs_period_us`);
      setQuota(1);
      return { setQuota, processes: `${folder}/cgroup.procs`, remove };
    } catch (error) {
      reasons.push(String(error));
      remove();
    }
  }
  return reasons.join('; ') || 'no hierarchy of control groups is mounted';
}

/** The last process may still be leaving. */
function removeEmpty(folder: string, tries = 200): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || tries === 0) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    removeEmpty(folder, tries - 1);
  }
}
