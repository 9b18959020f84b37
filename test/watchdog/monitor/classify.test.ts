import { describe, expect, it } from 'vitest';

import { classify, type Evidence } from '../../../src/watchdog/monitor/classify.ts';
import type { StallKind } from '../../../src/watchdog/stall-kinds.ts';

const unknown = { onCpuMs: undefined, waitingMs: undefined };
const computing = { onCpuMs: 200, waitingMs: 0 };
const asleep = { onCpuMs: 2, waitingMs: 1 };
const evidence: Evidence = { isAnswered: true, call: undefined, spanMs: 200, gcMs: 0, threshold: 100, ...computing };

describe('a stall is', () => {
  it.each<[StallKind, string, Partial<Evidence>]>([
    ['javascript', 'when it was caught live, on a CPU', {}],
    ['native', 'when it was caught at its return, on a CPU', { isAnswered: false }],
    ['javascript', 'when no look was possible, on a CPU', { isAnswered: true }],
    ['gc', 'when the collector took half of it', { gcMs: 100 }],
    ['gc', 'whatever call it was in', { gcMs: 190, isAnswered: false, call: 'readFileSync', ...asleep }],
    ['javascript', 'when the collector took less', { gcMs: 99 }],
    ['starved', 'when it waited for a CPU for two thirds of it', { onCpuMs: 66, waitingMs: 134 }],
    ['starved', 'when it waited for half of it, and would have been short without', { onCpuMs: 99, waitingMs: 101 }],
    ['javascript', 'when it waited for half of it, and would have been too long without', { spanMs: 400, onCpuMs: 199, waitingMs: 201 }],
    ['starved', 'when it waited for nearly all of it', { spanMs: 4000, onCpuMs: 800, waitingMs: 3200 }],
    ['blocking-io', 'when it slept', asleep],
    ['blocking-io', 'when it slept, caught live or not', { ...asleep, isAnswered: false }],
    ['blocking-io', 'when it slept for most of it', { onCpuMs: 40, waitingMs: 40 }],
    ['javascript', 'when it slept for less', { onCpuMs: 100, waitingMs: 0 }],
    ['native', 'when the call computes', { isAnswered: true, call: 'pbkdf2Sync' }],
    ['blocking-io', 'when the call waits', { isAnswered: true, call: 'readFileSync' }],
    ['blocking-io', 'when the call computes, but the thread slept', { call: 'pbkdf2Sync', ...asleep }],
    ['native', 'when the call is unknown, and the answer was late', { isAnswered: false, call: 'JSON.parse' }],
    ['javascript', 'when the call is unknown, and the stack was caught live', { call: 'RegExp.test' }],
  ])('%s %s', (kind, _when, over) => {
    expect(classify({ ...evidence, ...over })).toBe(kind);
  });
});

describe('without the figures of the operating system', () => {
  it.each<[StallKind, Partial<Evidence>]>([
    ['javascript', {}],
    ['native', { isAnswered: false }],
    ['blocking-io', { isAnswered: false, call: 'execSync' }],
    ['native', { isAnswered: false, call: 'scryptSync' }],
    ['gc', { gcMs: 150 }],
  ])('it is %s by %o', (kind, over) => {
    expect(classify({ ...evidence, ...unknown, ...over })).toBe(kind);
  });
});
