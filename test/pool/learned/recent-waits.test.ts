import { describe, expect, it } from 'vitest';

import { RecentWaits } from '../../../src/pool/learned/recent-waits.ts';

const heavy = {};
const light = {};

/** As many calls come at once, and leave one after the other, each after so many ms. @returns the instant of the last start */
function burst(waits: ReturnType<RecentWaits['of']>, count: number, ms: number, leaving = count): number {
  const aheads = Array.from({ length: count }, () => waits.enter());
  for (const ahead of aheads.slice(0, leaving)) {
    waits.leave();
    waits.record((ahead + 1) * ms, ahead, (ahead + 1) * ms);
  }
  return leaving * ms;
}

describe('the wait that is expected', () => {
  it('is unknown before any wait, and where nothing waits', () => {
    const waits = new RecentWaits().of(0, heavy, undefined);
    waits.enter();
    expect(waits.expected(0)).toBeUndefined();
    waits.leave();
    const at = burst(waits, 20, 50);
    expect(waits.expected(at)).toBeUndefined();
  });

  it('is as long as the calls that wait now will take', () => {
    const waits = new RecentWaits().of(0, heavy, undefined);
    const at = burst(waits, 21, 50, 10);
    expect(waits.expected(at)).toBeCloseTo(12 * 50);
  });

  it('falls with the queue, and rises with it, though not far beyond the queue that was seen', () => {
    const waits = new RecentWaits().of(0, heavy, undefined);
    const at = burst(waits, 20, 50);
    waits.enter();
    expect(waits.expected(at)).toBeCloseTo(2 * 50);
    for (let i = 0; i < 10_000; i++) waits.enter();
    expect(waits.expected(at)).toBeLessThanOrEqual(4 * 20 * 50);
  });

  it('is forgotten after a while', () => {
    const waits = new RecentWaits().of(0, heavy, undefined);
    const at = burst(waits, 20, 50, 10);
    expect(waits.expected(at + 29_000)).toBeDefined();
    expect(waits.expected(at + 31_000)).toBeUndefined();
  });

  it('follows a change within a dozen calls', () => {
    const waits = new RecentWaits().of(0, heavy, undefined);
    const at = burst(waits, 20, 50);
    burst(waits, 12, 1);
    waits.enter();
    expect(waits.expected(at)).toBeLessThan(6);
  });

  it('is corrected by short waits within a few calls, however long the first one was', () => {
    for (const ahead of [0, 1, 5]) {
      const waits = new RecentWaits().of(0, heavy, undefined);
      waits.record(800, ahead, 0);
      for (let i = 0; i < 30; i++) waits.enter();
      for (let i = 0; i < 8; i++) waits.record(0.3, 0, i);
      expect(waits.expected(8)).toBeLessThan(60);
    }
  });

  it('is not multiplied where no call was seen to wait behind another one', () => {
    const waits = new RecentWaits().of(0, heavy, undefined);
    for (let i = 0; i < 3; i++) waits.record(50, 0, 0);
    for (let i = 0; i < 30; i++) waits.enter();
    expect(waits.expected(0)).toBeCloseTo(50);
    waits.record(100, 1, 0);
    expect(waits.expected(0)).toBeGreaterThan(200);
  });

  it('is that of the same priority, size class and key, and of no other', () => {
    const recent = new RecentWaits();
    const at = burst(recent.of(0, heavy, 'a'), 20, 50, 10);
    for (const other of [recent.of(1, heavy, 'a'), recent.of(0, light, 'a'), recent.of(0, heavy, 'b'), recent.of(0, heavy, undefined)]) {
      other.enter();
      expect(other.expected(at)).toBeUndefined();
    }
    expect(recent.of(0, heavy, 'a').expected(at)).toBeDefined();
    expect(recent.drainTime(at)).toBe(recent.of(0, heavy, 'a').expected(at));
  });
});

it('waits of thousands of priorities are forgotten, but for those that have waiting calls', () => {
  const recent = new RecentWaits();
  const at = burst(recent.of(-1, heavy, undefined), 20, 50, 10);
  const idle = recent.of(-2, heavy, undefined);
  for (let priority = 0; priority < 5000; priority++) recent.of(priority, heavy, undefined);
  expect(recent.of(-1, heavy, undefined).expected(at)).toBeDefined();
  expect(recent.of(-2, heavy, undefined)).not.toBe(idle);
});
