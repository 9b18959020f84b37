import { describe, expect, it } from 'vitest';

import { now } from '../../../src/node/clock.ts';
import { StallEvidence } from '../../../src/watchdog/monitor/stall-evidence.ts';
import type { Finding, RawFrame } from '../../../src/watchdog/protocol/findings.ts';
import type { Scheduling } from '../../../src/watchdog/protocol/scheduling.ts';

const THRESHOLD = 100;
const place = { line: 1, column: 1, isAsync: false, isEntry: false };
const app = (name: string, more: Partial<RawFrame> = {}): RawFrame => ({ name, file: '/app/src/app.js', ...place, ...more });
const native = (name: string): RawFrame => ({ name, file: '', ...place, line: 0, column: 0 });
const ticks: RawFrame = { name: 'processTicksAndRejections', file: 'node:internal/process/task_queues', ...place };

type Look = readonly [at: number, frames: readonly RawFrame[], more?: Partial<Finding>, delay?: number];

/** The evidence of a stall that was suspected after half the threshold. All instants count from the stall's start. */
function evidenceOf(looks: readonly Look[], { onCpu = 1, canLook = true } = {}): { start: number; evidence: StallEvidence; after(ms: number): Scheduling } {
  const start = now();
  const evidence = new StallEvidence(1, { since: start, idle: 0, askedAt: start + THRESHOLD / 2, scheduling: { onCpu: 0, waiting: 0 }, canLook });
  for (const [at, frames, more, delay = 1] of looks) {
    const finding = { at: start + at, frames: [...frames], context: {}, task: undefined, idle: 0, gcMs: 0, isDebugged: false, isStartingUp: false, ...more };
    evidence.add(finding, delay);
  }
  return { start, evidence, after: (ms) => ({ onCpu: ms * onCpu, waiting: 0 }) };
}

function ended(looks: readonly Look[], at: number, how?: Parameters<typeof evidenceOf>[1]) {
  const { start, evidence, after } = evidenceOf(looks, how);
  return evidence.stall(start + at, after(at - THRESHOLD / 2), THRESHOLD);
}

const handle = app('handle');
const spin = [app('spin'), handle];

describe('the first look', () => {
  it.each<[string, number, string]>([
    ['in the caller, at the very beginning, does not show where the time went', 20, 'spin'],
    ['in the caller, after a while, shows that the caller takes time, too', 50, 'handle'],
  ])('%s', (_what, at, boundary) => {
    expect(ended([[at, [handle]], [100, spin], [150, spin]], 300).boundary?.function).toBe(boundary);
  });
});

describe('the last look', () => {
  it.each<[string, Look, number, string]>([
    ['in the caller, just before the end, does not show where the time went', [299, [handle]], 300, 'spin'],
    ['in the caller, in the last tenth, does not show where the time went', [275, [handle]], 300, 'spin'],
    ['in the caller, with time to go, shows that the caller goes on', [250, [handle]], 300, 'handle'],
    ['in the same function, just before the end, counts', [299, spin], 300, 'spin'],
    ['in what is called next, just before the end, shows that the caller goes on', [299, [app('other'), handle]], 300, 'handle'],
  ])('%s', (_what, last, at, boundary) => {
    expect(ended([[50, spin, { task: 'spins' }], [100, spin, { task: 'spins' }], last], at)).toMatchObject({ kind: 'javascript', boundary: { function: boundary } });
  });

  it('counts, in the caller, too, where it came late and so shows a native call', () => {
    expect(ended([[50, spin], [298, [handle], {}, 198]], 300)).toMatchObject({ kind: 'native', confidence: 'at-return', culprit: { function: 'handle' } });
  });

  it('counts where it is the only one', () => {
    expect(ended([[101, [handle], {}, 51]], 102)).toMatchObject({ confidence: 'at-return', culprit: { function: 'handle' } });
  });

  it('in the caller does not change the task', () => {
    expect(ended([[50, spin, { task: 'spins' }], [100, spin, { task: 'spins' }], [299, [handle]]], 300).task).toBe('spins');
  });
});

describe('the context', () => {
  const its = { context: { request: { id: 'r-1' } } };

  it('of a flood comes from its functions: between two of them there is no context', () => {
    expect(ended([[50, [ticks]], [100, [ticks]], [110, [app('again'), ticks], its], [130, [ticks]]], 300).context).toEqual(its.context);
  });

  it('comes from any look, where no function was found', () => {
    expect(ended([[50, [ticks], its], [100, [ticks], its]], 300).context).toEqual(its.context);
  });
});

describe('a native call', () => {
  it.each<[string, readonly RawFrame[], string | undefined]>([
    ['is not the function that calls the next function back', [app('each', { isEntry: true }), native('Array.forEach'), app('sums'), handle], undefined],
    ['is not the conversion of its result', [native('String'), app('sums'), handle], undefined],
    ['is not a regular expression, which answers at once', [native('RegExp.test'), app('sums'), handle], undefined],
    ['may be a function that calls back when it is done', [app('reviver', { isEntry: true }), native('JSON.parse'), app('sums'), handle], 'JSON.parse'],
  ])('%s', (_what, stack, call) => {
    const stall = ended([[290, stack, {}, 240]], 300);
    expect(stall).toMatchObject({ kind: 'native', confidence: 'at-return', culprit: { function: 'sums' } });
    expect(stall.call).toBe(call);
  });

  it('that has not returned yet is native, or waits', () => {
    expect(ended([], 300)).toMatchObject({ kind: 'native', confidence: 'none' });
    expect(ended([], 300, { onCpu: 0 })).toMatchObject({ kind: 'blocking-io', confidence: 'none', advice: { action: 'use-async-api' } });
  });

  it('cannot be told from JavaScript where no look is possible', () => {
    expect(ended([], 300, { canLook: false })).toMatchObject({ kind: 'javascript', confidence: 'none' });
  });
});

describe('where a debugger may hold the thread', () => {
  const debugged = { isDebugged: true };
  const isExempt = (looks: readonly Look[], onCpu: number): boolean => {
    const { start, evidence, after } = evidenceOf(looks, { onCpu });
    return evidence.isExempt(start + 1000, after(950));
  };

  it.each<[boolean, string, readonly Look[], number]>([
    [true, 'a thread that answers all the while and uses no CPU is held', [[50, spin, debugged], [100, spin, debugged], [700, spin, debugged]], 0],
    [true, 'a late first answer changes nothing', [[80, spin, debugged, 30], [700, spin, debugged]], 0],
    [false, 'a thread that computes is not', [[50, spin, debugged], [700, spin, debugged]], 1],
    [false, 'a thread that answers at the end waited in a call', [[999, [handle], debugged, 949]], 0],
    [false, 'a call that is known to wait, waits', [[50, [native('Atomics.wait'), ...spin], debugged], [700, [native('Atomics.wait'), ...spin], debugged]], 0],
    [false, 'without a debugger no thread is', [[50, spin], [700, spin]], 0],
  ])('%s: %s', (is, _what, looks, onCpu) => {
    expect(isExempt(looks, onCpu)).toBe(is);
  });
});
