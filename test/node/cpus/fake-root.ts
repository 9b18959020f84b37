import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { onTestFinished } from 'vitest';

/** A folder that stands for `/`, with these files, removed when the test ends. */
export function fakeRoot(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'offloop-root-'));
  onTestFinished(() => { rmSync(root, { recursive: true }); });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** The files of a machine with this many CPUs that are online, all of them allowed. */
export function machine(cpus: number): Record<string, string> {
  return { '/sys/devices/system/cpu/online': `0-${String(cpus - 1)}\n`, '/proc/self/status': `Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t0-${String(cpus - 1)}\n` };
}

/** Version 2 alone. @param top the group that the mount shows */
export function v2(own: string, top = '/'): Record<string, string> {
  return {
    '/proc/self/cgroup': `0::${own}\n`,
    '/proc/self/mountinfo': `22 1 0:20 / / rw - ext4 /dev/vda rw\n31 22 0:28 ${top} /sys/fs/cgroup rw,nosuid shared:9 master:2 - cgroup2 cgroup2 rw,nsdelegate\n`,
  };
}

/** Version 1, with the controllers `cpu` and `cpuacct` in one hierarchy. @param top the group that the mount shows */
export function v1(own: string, top = '/'): Record<string, string> {
  return {
    '/proc/self/cgroup': `5:memory:/elsewhere\n3:cpu,cpuacct:${own}\n2:cpuset:/elsewhere\n1:name=systemd:/elsewhere\n`,
    '/proc/self/mountinfo': [
      '31 22 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs rw,mode=755',
      `32 31 0:29 ${top} /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset`,
      `33 31 0:30 ${top} /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:4 - cgroup cgroup rw,cpu,cpuacct`,
      '',
    ].join('\n'),
  };
}

export function v1Quota(folder: string, quota: number, period = 100_000): Record<string, string> {
  return { [`${folder}/cpu.cfs_quota_us`]: `${String(quota)}\n`, [`${folder}/cpu.cfs_period_us`]: `${String(period)}\n` };
}
