import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { readCpus } from '../../../src/node/cpus/cpus.ts';
import { fakeRoot, machine, v1, v1Quota, v2 } from './fake-root.ts';

const V2 = '/sys/fs/cgroup';
const V1 = '/sys/fs/cgroup/cpu,cpuacct';

function read(...files: Record<string, string>[]): ReturnType<typeof readCpus> {
  return readCpus(fakeRoot(Object.assign({}, ...files) as Record<string, string>));
}

describe('the quota, in control groups of version 2', () => {
  it('is that of the own group', () => {
    expect(read(machine(8), v2('/app'), { [`${V2}/app/cpu.max`]: '150000 100000\n' })).toEqual({ available: 8, quota: 1.5 });
    expect(read(machine(8), v2('/app'), { [`${V2}/app/cpu.max`]: '5000 20000\n' })).toEqual({ available: 8, quota: 0.25 });
  });

  it('is that of a group above where that is smaller, and not where it is larger', () => {
    const files = { [`${V2}/a/cpu.max`]: '100000 100000', [`${V2}/a/b/cpu.max`]: '400000 100000', [`${V2}/a/b/c/cpu.max`]: 'max 100000' };
    expect(read(machine(8), v2('/a/b/c'), files).quota).toBe(1);
    expect(read(machine(8), v2('/a/b/c'), { ...files, [`${V2}/a/cpu.max`]: '900000 100000' }).quota).toBe(4);
  });

  it('is at the mount point in a namespace of its own', () => {
    expect(read(machine(8), v2('/'), { [`${V2}/cpu.max`]: '50000 100000' }).quota).toBe(0.5);
  });

  it('is found where the mount shows a part of the tree only', () => {
    const files = { [`${V2}/cpu.max`]: '300000 100000', [`${V2}/job/cpu.max`]: '200000 100000' };
    expect(read(machine(8), v2('/docker/abc/job', '/docker/abc'), files).quota).toBe(2);
    expect(read(machine(8), v2('/docker/abc', '/docker/abc'), files).quota).toBe(3);
  });

  it('is found at the mount point where the paths belong to other namespaces', () => {
    const files = { [`${V2}/cpu.max`]: '300000 100000', '/cpu.max': '1000 100000', '/other/cpu.max': '1000 100000' };
    expect(read(machine(8), v2('/', '/../..'), files).quota).toBe(3);
    expect(read(machine(8), v2('/', '/docker/abc'), files).quota).toBe(3);
    expect(read(machine(8), v2('/../other'), files).quota).toBe(3);
  });

  it('is never taken from a group that is not above the own one', () => {
    const { '/proc/self/mountinfo': mounts = '', ...own } = v2('/app');
    const other = '40 22 0:28 /apple /mnt rw - cgroup2 none rw\n';
    expect(read(machine(8), own, { '/proc/self/mountinfo': other + mounts, '/mnt/cpu.max': '1000 100000', [`${V2}/apple/cpu.max`]: '1000 100000' })).toEqual({ available: 8 });
  });

  it('is found at a mount point with a blank in its name', () => {
    const { '/proc/self/mountinfo': mounts = '', ...own } = v2('/app');
    expect(read(machine(8), own, { '/proc/self/mountinfo': mounts.replace(V2, '/my\\040groups'), '/my groups/app/cpu.max': '200000 100000' }).quota).toBe(2);
  });
});

describe('the quota, in control groups of version 1', () => {
  it('is that of the own group, or of a group above where that is smaller', () => {
    expect(read(machine(8), v1('/app'), v1Quota(`${V1}/app`, 25_000)).quota).toBe(0.25);
    expect(read(machine(8), v1('/a/b'), v1Quota(`${V1}/a/b`, 400_000), v1Quota(`${V1}/a`, 100_000, 50_000), v1Quota(V1, -1)).quota).toBe(2);
  });

  it('is found where the container has mounted its own group', () => {
    expect(read(machine(8), v1('/docker/abc', '/docker/abc'), v1Quota(V1, 300_000)).quota).toBe(3);
  });

  it('is not read from the hierarchy of another controller', () => {
    expect(read(machine(8), v1('/app'), v1Quota('/sys/fs/cgroup/cpuset/app', 1000), v1Quota(`${V1}/elsewhere`, 1000))).toEqual({ available: 8 });
  });
});

describe('the quota, on a hybrid machine', () => {
  const hybrid = (): Record<string, string> => {
    const [one, two] = [v1('/app'), v2('/service')];
    const mounts = `${one['/proc/self/mountinfo']!}${two['/proc/self/mountinfo']!.replace(V2, `${V2}/unified`)}`;
    return { '/proc/self/cgroup': `${one['/proc/self/cgroup']!}0::/service\n`, '/proc/self/mountinfo': mounts };
  };

  it('is found in either hierarchy; the smaller one wins', () => {
    const [first, second] = [v1Quota(`${V1}/app`, 300_000), { [`${V2}/unified/service/cpu.max`]: '200000 100000' }];
    expect(read(machine(8), hybrid(), first).quota).toBe(3);
    expect(read(machine(8), hybrid(), second).quota).toBe(2);
    expect(read(machine(8), hybrid(), first, second).quota).toBe(2);
  });
});

describe('no quota', () => {
  it('is read from "max", from -1, from nonsense, nor from nothing', () => {
    for (const text of ['max 100000\n', 'max', '', '100000', '100000 0', '-1 100000', '0 100000', 'a b', '1e999 1']) {
      expect(read(machine(4), v2('/app'), { [`${V2}/app/cpu.max`]: text })).toEqual({ available: 4 });
    }
    for (const quota of [v1Quota(`${V1}/app`, -1), v1Quota(`${V1}/app`, 0), v1Quota(`${V1}/app`, 1000, 0), { [`${V1}/app/cpu.cfs_quota_us`]: '1000' }]) {
      expect(read(machine(4), v1('/app'), quota)).toEqual({ available: 4 });
    }
  });

  it('is known where files are missing, are folders, or make no sense', () => {
    expect(read(machine(4))).toEqual({ available: 4 });
    expect(read(machine(4), { '/proc/self/cgroup': '0::/app\n' })).toEqual({ available: 4 });
    expect(read(machine(4), { '/proc/self/cgroup': 'nonsense\n::::\n0:\n', '/proc/self/mountinfo': ' - \nx - cgroup2\n - cgroup\n' })).toEqual({ available: 4 });
    const root = fakeRoot({ ...machine(4), ...v2('/app') });
    mkdirSync(join(root, V2, 'app/cpu.max'), { recursive: true });
    expect(readCpus(root)).toEqual({ available: 4 });
  });
});

describe('the CPUs', () => {
  const status = (list: string): Record<string, string> => ({ '/proc/self/status': `Cpus_allowed_list:\t${list}\n` });
  const online = (list: string): Record<string, string> => ({ '/sys/devices/system/cpu/online': `${list}\n` });

  it('are those that are both allowed and online', () => {
    expect(read(status('0-127'), online('0-3')).available).toBe(4);
    expect(read(status('1,3,6-9'), online('0-2,6-7')).available).toBe(3);
    expect(read(status('0'), online('0')).available).toBe(1);
  });

  it('are those that Node counts where the files say nothing', () => {
    for (const files of [{}, status('0-3'), online('0-3'), { ...status('x'), ...online('y') }, { ...status('4-5'), ...online('0-3') }]) {
      expect(read(files)).toEqual({ available: availableParallelism() });
    }
  });

  it('of this machine are at least one', () => {
    expect(readCpus().available).toBeGreaterThanOrEqual(1);
  });
});
