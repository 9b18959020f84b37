import { describe, expect, it } from 'vitest';

import { TaskTimings } from '../../../src/pool/calls/stats.ts';
import { Learned, laneOf, leastOfLane, UNKNOWN_LANE } from '../../../src/pool/learned/learned.ts';
import { learnedFor } from '../../../src/pool/learned/learned-for.ts';
import { sizeClass, sizeClassOf } from '../../../src/pool/learned/size-class.ts';
import type { TaskRecord } from '../../../src/task/registry.ts';

const timings = (): TaskTimings => new TaskTimings('task', 'file:///task.js');
const unknown = (declared?: number): Learned => new Learned(timings(), declared, undefined);

function after(runs: readonly number[], learned = unknown()): Learned {
  for (const ms of runs) learned.add(ms);
  return learned;
}

const times = (count: number, ms: number): number[] => Array<number>(count).fill(ms);

function recordOf(expected?: TaskRecord['expected']): TaskRecord {
  return { module: 'file:///task.js', name: 'task', ref: 'file:///task.js', errors: [], expected };
}

describe('lanes', () => {
  it('are powers of two, and hold every run time', () => {
    expect([0, 0.9, 1, 1.9, 2, 4, 1000, 1e9, Number.MAX_VALUE].map(laneOf)).toEqual([1, 1, 2, 2, 3, 4, 11, 26, 26]);
    for (let ms = 1; ms < 1e6; ms *= 1.37) {
      expect(leastOfLane(laneOf(ms))).toBeLessThanOrEqual(ms);
      expect(2 * leastOfLane(laneOf(ms))).toBeGreaterThan(ms);
    }
  });
});

describe('what is expected of a run', () => {
  it('is nothing before the first one, and then what that took', () => {
    expect(unknown()).toMatchObject({ expected: undefined, lane: UNKNOWN_LANE, isKnown: false, mean: Infinity });
    expect(after([100])).toMatchObject({ lane: laneOf(100) });
    expect(after([100]).expected).toBeCloseTo(100);
  });

  it('is the geometric mean: a few heavy runs among light ones change little, and light ones correct a heavy first one', () => {
    expect(after([1, 100]).expected).toBeCloseTo(10);
    expect(after([...times(50, 1), 400]).expected).toBeLessThan(3);
    expect(after([400, ...times(5, 1)]).expected).toBeLessThan(4);
  });

  it('follows a task that has become slower within some runs', () => {
    expect(after([...times(1000, 1), ...times(20, 100)]).expected).toBeGreaterThan(80);
  });

  it('is the same for all short runs, exactly, also after a slow first one', () => {
    const learned = after([40, ...times(100, 0.01)]);
    expect(learned.expected).toBeCloseTo(0.25, 10);
    const { expected } = learned;
    expect(after([0.2, 0, 0.001, 0.24], learned).expected).toBe(expected);
  });

  it('is what the user has said until runs have shown it', () => {
    const learned = unknown(500);
    expect(learned).toMatchObject({ expected: 500, lane: laneOf(500) });
    expect(after([2], learned).expected).toBeCloseTo(2);
  });

  it('grows by a run that was ended early, and never shrinks by it', () => {
    const learned = after(times(10, 100));
    learned.addAtLeast(5, 50);
    expect(learned.expected).toBeCloseTo(100);
    learned.addAtLeast(5000, 50);
    expect(learned.expected).toBeGreaterThan(150);
    const first = unknown();
    first.addAtLeast(5000, 50);
    expect(first.expected).toBeCloseTo(5000);
  });
});

describe('classes of arguments', () => {
  it('are powers of two of their size, and those beyond the budget are apart', () => {
    expect([1, 2, 3, 4, 1000, 1024, 2 ** 31, 2 ** 40].map(sizeClass)).toEqual([1, 2, 2, 3, 10, 11, 31, 31]);
    expect(sizeClassOf({ size: 1000, isPartial: true })).toBe(42);
  });

  it('are learned apart from each other', () => {
    const all = timings();
    const of = (size: number): Learned => learnedFor(all, recordOf(), [], sizeClass(size));
    after(times(3, 100), of(63_000));
    expect(of(1000).expected).toBeUndefined();
    expect(of(60_000).expected).toBeCloseTo(100);
  });

  it('share messages like the nearest one that is known: a larger one, or in proportion a smaller one', () => {
    const all = timings();
    const of = (size: number): Learned => learnedFor(all, recordOf(), [], sizeClass(size));
    after(times(8, 0.1), of(1024));
    expect(of(512).mean).toBeCloseTo(0.1);
    expect(of(4096).mean).toBeCloseTo(0.4);
    after(times(8, 3), of(512));
    expect(of(512).mean).toBeCloseTo(3);
    expect(of(4096).expected).toBeUndefined();
  });
});

describe('`expected`', () => {
  it('tells calls of the same size apart, as a function of the arguments', () => {
    const all = timings();
    const record = recordOf((n: number) => n);
    const of = (n: number): Learned => learnedFor(all, record, [n], 1);
    expect([of(3), of(300)].map(({ expected }) => expected)).toEqual([3, 300]);
    after(times(3, 50), of(300));
    expect(of(3).expected).toBe(3);
    expect(of(290).expected).toBeCloseTo(50);
  });

  it('counts for all classes, as a number', () => {
    expect(learnedFor(timings(), recordOf(70), [], 4)).toMatchObject({ expected: 70, lane: laneOf(70) });
  });
});
