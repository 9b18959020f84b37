import { describe, expect, it } from 'vitest';

import { threadCounts } from '../../src/pool/thread-counts.ts';

type Given = Parameters<typeof threadCounts>[1];
type Cpus = Parameters<typeof threadCounts>[2];

/** minThreads, maxThreads, spareThreads */
const counts = (given: Given, cpus: Cpus): number[] => Object.values(threadCounts('createPool()', given, cpus));

describe('under a CPU quota', () => {
  it.each([[0.1, 1], [0.25, 1], [1, 1], [1.01, 2], [2.5, 3], [7.5, 8]])('of %s, running threads never exceed the quota rounded up, and one', (quota, max) => {
    expect(counts({}, { available: 8, quota })).toEqual([1, max, 1]);
  });

  it('`minThreads` is respected, and takes the place of the spare', () => {
    expect(counts({ minThreads: 2 }, { available: 8, quota: 1 })).toEqual([2, 2, 0]);
    expect(counts({ minThreads: 4 }, { available: 8, quota: 1 })).toEqual([4, 4, 0]);
  });

  it('options that are given stand', () => {
    expect(counts({ maxThreads: 6 }, { available: 8, quota: 1 })).toEqual([1, 6, 0]);
    expect(counts({ maxThreads: 6, spareThreads: 3 }, { available: 8, quota: 1 })).toEqual([1, 6, 3]);
    expect(counts({ spareThreads: 3 }, { available: 8, quota: 1 })).toEqual([1, 1, 3]);
    expect(counts({ spareThreads: 0 }, { available: 8, quota: 1 })).toEqual([1, 1, 0]);
  });

  it('that is no smaller than the CPUs, nothing changes', () => {
    for (const cpus of [{ available: 4 }, { available: 4, quota: 4 }, { available: 4, quota: 9 }]) expect(counts({}, cpus)).toEqual([1, 4, 8]);
  });
});

it('without a quota there are at least two threads, and eight spares', () => {
  expect(counts({}, { available: 1 })).toEqual([1, 2, 8]);
  expect(counts({}, { available: 32 })).toEqual([1, 32, 8]);
  expect(counts({ minThreads: 3 }, { available: 1 })).toEqual([3, 3, 8]);
});
