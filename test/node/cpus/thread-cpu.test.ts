import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { activityIn, cpuOfThread, ownCpuReader, ownThreadId } from '../../../src/node/cpus/thread-cpu.ts';
import { fakeRoot } from './fake-root.ts';

const read = ownCpuReader();

describe.runIf(read !== undefined)('the CPU time of this thread (where the system tells it)', () => {
  it('grows with each reading, and not only with the system’s clock', () => {
    const readings = Array.from({ length: 100 }, () => read!()!);
    expect(readings).toEqual([...readings].sort((a, b) => a - b));
    // Some readings are less than a microsecond apart.
    expect(new Set(readings).size).toBeGreaterThan(20);
  });

  it('is what the kernel says', () => {
    const id = ownThreadId();
    if (id === 0) return;
    spin(50);
    const [ns] = readFileSync(`/proc/self/task/${id}/schedstat`, 'latin1').split(' ');
    const ms = read!()!;
    expect(ms).toBeGreaterThan(0.95 * Number(ns) / 1e6);
    expect(ms).toBeLessThan(1.05 * Number(ns) / 1e6 + 10);
    expect(cpuOfThread(id)).toBeGreaterThan(0.95 * ms);
  });
});

it('the CPU time of a thread that does not exist is not known', () => {
  expect(cpuOfThread(0)).toBeUndefined();
  expect(cpuOfThread(2 ** 22 + 1)).toBeUndefined();
});

function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

it('the times of a thread are those that the kernel counts, in ms', () => {
  const root = fakeRoot({ '/proc/self/task/7/schedstat': '1500000000 250000000 12\n', '/proc/self/task/8/schedstat': '0 0 0\n', '/proc/self/task/9/schedstat': 'nonsense\n' });
  expect(activityIn(`${root}/proc/self/task/7`)).toEqual({ ranMs: 1500, waitedMs: 250 });
  for (const id of [8, 9, 10]) expect(activityIn(`${root}/proc/self/task/${String(id)}`)).toBeUndefined();
});

it('the times of this process’s first thread are known where there is a /proc', () => {
  const times = activityIn(`/proc/self/task/${String(process.pid)}`);
  if (process.platform === 'linux') expect(times).toEqual({ ranMs: expect.any(Number), waitedMs: expect.any(Number) });
  else expect(times).toBeUndefined();
});
