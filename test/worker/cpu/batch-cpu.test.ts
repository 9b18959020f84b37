import { expect, it } from 'vitest';

import { BatchResults } from '../../../src/wire/batch-results.ts';
import { BatchCpu } from '../../../src/worker/cpu/batch-cpu.ts';

/** The figures of a batch whose calls run for so long, and use so much CPU time, in ms. */
function divided(calls: readonly { readonly run: number; readonly cpu: number }[], everyMs = 0.25): (number | undefined)[] {
  const results = new BatchResults();
  results.clear(calls.length, 1);
  let used = 1000;
  const batch = new BatchCpu(() => used, everyMs, results);
  for (const [place, { run, cpu }] of calls.entries()) {
    used += cpu;
    batch.add(place, run);
  }
  batch.end();
  return calls.map((_, place) => results.cpuMs(place));
}

it('a call that waits is not charged for the short calls before it, and they not for a call that computes', () => {
  const short = { run: 0.1, cpu: 0.1 };
  expect(divided([short, short, { run: 10, cpu: 0 }])).toEqual([expect.closeTo(0.1), expect.closeTo(0.1), expect.closeTo(0)]);
  expect(divided([short, short, { run: 10, cpu: 9 }])).toEqual([expect.closeTo(0.1), expect.closeTo(0.1), expect.closeTo(9)]);
  expect(divided([{ run: 10, cpu: 0 }, { run: 10, cpu: 10 }, short])).toEqual([0, 10, expect.closeTo(0.1)]);
});

it('short calls have their parts by the clock, or equal ones where the clock has not moved', () => {
  expect(divided([{ run: 0.03, cpu: 0.06 }, { run: 0.01, cpu: 0.02 }])).toEqual([expect.closeTo(0.06), expect.closeTo(0.02)]);
  expect(divided([{ run: 0, cpu: 0.01 }, { run: 0, cpu: 0.03 }])).toEqual([expect.closeTo(0.02), expect.closeTo(0.02)]);
});

it('each call has its own figure where the time is read after each', () => {
  expect(divided([{ run: 0, cpu: 0.01 }, { run: 0.02, cpu: 0.03 }], 0)).toEqual([expect.closeTo(0.01), expect.closeTo(0.03)]);
});

it('no call has a figure where nobody asks for it, or the time is not known', () => {
  const results = new BatchResults();
  results.clear(1, 1);
  for (const batch of [new BatchCpu(() => 1, undefined, results), new BatchCpu(() => undefined, 0, results)]) {
    batch.add(0, 5);
    batch.end();
  }
  expect(results.cpuMs(0)).toBeUndefined();
});
