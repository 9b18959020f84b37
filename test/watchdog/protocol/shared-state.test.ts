import { describe, expect, it } from 'vitest';

import { SharedState, LAG_BUCKETS } from '../../../src/watchdog/protocol/shared-state.ts';

describe('the shared state', () => {
  it('shows one thread what another has written', () => {
    const [one, other] = twoSides();
    one.set('alive', 12.5);
    one.add('lagSum', 3);
    one.add('lagSum', 4);
    one.raise('endedStall', 7);
    expect([other.get('alive'), other.get('lagSum'), other.flag('endedStall')]).toEqual([12.5, 7, 7]);
  });

  it('keeps its fields, flags and buckets apart', () => {
    const [one, other] = twoSides();
    one.recordLag(20_000);
    one.raise('done', -1);
    expect([other.get('expectedMs'), other.flag('exiting'), other.get('lagCount')]).toEqual([0, 0, 1]);
    expect(other.lagCounts.at(-1)).toBe(1);
  });

  it('wakes a waiting thread when a flag is raised, and does not wait for a raised flag', async () => {
    const [one, other] = twoSides();
    const raised = new Promise<void>((resolve) => { other.whenRaised('exiting', resolve); });
    one.raise('exiting');
    await raised;
    await new Promise<void>((resolve) => { other.whenRaised('exiting', resolve); });
    one.raise('done');
    other.waitFor('done', Infinity);
  });
});

describe('the lag histogram', () => {
  it('counts each beat in the first bucket that holds it', () => {
    const sharedState = new SharedState();
    for (const ms of [0, 1, 1.1, 5, 99.9, 100, 10_000, 10_000.1, 1e9]) sharedState.recordLag(ms);
    expect([...sharedState.lagCounts]).toEqual([2, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 2]);
    expect([sharedState.get('lagCount'), sharedState.get('lagMax')]).toEqual([9, 1e9]);
    expect(sharedState.get('lagSum')).toBeCloseTo(1e9 + 20_000 + 207.1, 0);
  });

  it('tells a percentile as the bound of its bucket, and never as more than the maximum', () => {
    const sharedState = new SharedState();
    for (let i = 0; i < 98; i++) sharedState.recordLag(0.2);
    sharedState.recordLag(30);
    sharedState.recordLag(70_000);
    expect([0.5, 0.98, 0.99, 1].map((share) => sharedState.lagPercentile(share))).toEqual([1, 1, 50, 70_000]);
  });

  it('has percentiles before the first beat', () => {
    expect(new SharedState().lagPercentile(0.99)).toBe(0);
  });

  it('has buckets in order', () => {
    expect([...LAG_BUCKETS].sort((a, b) => a - b)).toEqual([...LAG_BUCKETS]);
  });
});

function twoSides(): [SharedState, SharedState] {
  const one = new SharedState();
  return [one, new SharedState(one.buffer)];
}
