import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Ranking } from '../../../src/watchdog/report/ranking.ts';
import type { Offender, Stall } from '../../../src/watchdog/types.ts';
import { runNode } from '../../pool/helpers.ts';
import { randomFrom, stallIn, tenThousandStalls } from '../simulated-stalls.ts';
import { lifeFixture } from '../processes.ts';

describe('ten thousand stalls of a thousand causes, in any order', () => {
  it('rank the heavy ones first, with what they took', () => {
    fc.assert(fc.property(fc.integer(), (seed) => {
      const stalls = tenThousandStalls(randomFrom(seed));
      const { offenders } = rank(stalls);
      expect(offenders.slice(0, 10).map(({ culprit }) => culprit?.function)).toEqual(Array.from({ length: 10 }, (_, i) => `heavy${i}`));
      for (const offender of offenders.slice(0, 10)) expectNearly(offender, stalls.filter(({ culprit }) => culprit?.function === offender.culprit?.function));
    }), { numRuns: 3 });
  });

  it('take bounded room, and lose nothing from the sums', () => {
    fc.assert(fc.property(fc.integer(), (seed) => {
      const stalls = tenThousandStalls(randomFrom(seed));
      const { offenders, others, timeline, blockedMs, ...report } = rank(stalls);
      expect([offenders.length, timeline.length, report.stalls]).toEqual([100, 1000, 10_000]);
      expect(sum(offenders.map(({ count }) => count)) + others.count).toBe(10_000);
      expect(blockedMs).toBeCloseTo(sum(stalls.map(({ duration }) => duration)), 0);
      expect(sum(offenders.map(({ totalMs }) => totalMs)) + others.totalMs).toBeCloseTo(blockedMs, 0);
      expect(sum(offenders.map(({ share }) => share)) + others.totalMs / blockedMs).toBeCloseTo(1, 6);
      expect(offenders).toEqual([...offenders].sort((a, b) => b.totalMs - a.totalMs));
      expect(timeline.map(({ startedAt }) => startedAt)).toEqual(stalls.slice(-1000).map(({ startedAt }) => startedAt));
      timeline.forEach(({ offender }, i) => {
        expect(offenders[offender]?.culprit?.function).toBe(offender === -1 ? undefined : stalls[9000 + i]!.culprit!.function);
      });
    }), { numRuns: 2 });
  });

  it('keep less than some MB, whatever their stacks and contexts are', async () => {
    const { stdout, stderr } = await runNode(['--expose-gc', '--single-threaded-gc', '--import', 'tsx', lifeFixture('ranks-ten-thousand.ts')]);
    expect(stderr).toBe('');
    const { grownBy, size, residentBy } = JSON.parse(stdout);
    expect(grownBy).toBeLessThan(2e6);
    expect(size).toBeLessThan(3e6);
    // Resident memory includes memory outside of the heap, which is freed only when the heap is full. A collector with threads of its own is late on a busy machine.
    expect(residentBy).toBeLessThan(30e6);
  });

  it('let a cause rise that comes late and often', () => {
    const early = Array.from({ length: 200 }, (_, i) => stallIn(`early${i}`, { duration: 1000 }));
    const late = Array.from({ length: 2000 }, (_, i) => [stallIn('late'), stallIn(`once${i}`, { duration: 101 })]);
    expect(rank([...early, ...late.flat()]).offenders[0]).toMatchObject({ culprit: { function: 'late' } });
  });
});

describe('one cause', () => {
  it('has its count, total, median, maximum, share, and when it was seen', () => {
    const durations = [100, 110, 120, 5000, 130.5];
    const { offenders, blockedMs } = rank([...durations.map((duration, i) => stallIn('slow', { duration, startedAt: 10 * (i + 1) })), stallIn('other', { duration: 1000 })]);
    expect(offenders[0]).toMatchObject({ count: 5, totalMs: 5460.5, p50: 120, max: 5000, firstSeen: 10, lastSeen: 50 });
    expect([offenders[0]!.share, blockedMs]).toEqual([5460.5 / 6460.5, 6460.5]);
  });

  it('has the median within one per cent, however long it is', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 10, max: 3_600_000 }), { minLength: 1, maxLength: 200 }), (durations) => {
      const { offenders } = rank(durations.map((duration) => stallIn('slow', { duration })));
      const median = [...durations].sort((a, b) => a - b)[Math.ceil(durations.length / 2) - 1]!;
      expect(offenders[0]!.p50).toBeGreaterThanOrEqual(median * 0.99);
      expect(offenders[0]!.p50).toBeLessThanOrEqual(median * 1.01);
    }));
  });

  it('has the context, the stack and the advice of its longest stall', () => {
    const one = (duration: number, id: string): Stall => stallIn('slow', { duration, context: { request: { id } }, samples: [[], [{ function: id, file: '/a.js', line: 1, column: 1 }]], advice: { action: 'offload', text: id } });
    const { offenders } = rank([one(200, 'short'), one(900, 'longest'), one(900, 'as long'), one(300, 'last')]);
    expect(offenders).toMatchObject([{ count: 4, context: { request: { id: 'longest' } }, stack: [{ function: 'longest' }], advice: { text: 'longest' } }]);
  });

  it('counts different contexts, and none as none', () => {
    const ids = ['a', 'b', 'a', 'c', 'b'];
    const { offenders } = rank([...ids.map((id) => stallIn('slow', { context: { request: { id } } })), stallIn('slow')]);
    expect(offenders[0]).toMatchObject({ count: 6, requests: 3 });
  });

  it('counts contexts up to a thousand', () => {
    expect(rank(Array.from({ length: 1500 }, (_, id) => stallIn('slow', { context: { request: { id } } }))).offenders[0]).toMatchObject({ count: 1500, requests: 1000 });
  });
});

describe('stalls are of one cause', () => {
  const at = (name: string, file: string, line: number): Partial<Stall> => ({ boundary: { function: name, file, line, column: 1 } });
  const cases: [boolean, string, Partial<Stall>, Partial<Stall>][] = [
    [true, 'on different lines of a function', at('f', '/a.js', 1), at('f', '/a.js', 9)],
    [true, 'with different contexts, durations and stacks', { context: { a: 1 }, samples: [] }, { context: { a: 2 }, duration: 5 }],
    [true, 'below one boundary', { ...at('f', '/a.js', 1), culprit: { function: 'g', file: '/g.js', line: 1, column: 1 } }, at('f', '/a.js', 1)],
    [false, 'of different kinds', {}, { kind: 'native' }],
    [false, 'in different functions', at('f', '/a.js', 1), at('g', '/a.js', 1)],
    [false, 'in functions of one name', at('f', '/a.js', 1), at('f', '/b.js', 1)],
    [false, 'of different tasks', { task: 'resize' }, { task: 'hash' }],
    [false, 'with and without a task', {}, { task: 'hash' }],
    [false, 'in functions without a name, on different lines', at('(anonymous)', '/a.js', 1), at('(anonymous)', '/a.js', 9)],
    [true, 'in a function without a name', at('(anonymous)', '/a.js', 1), at('(anonymous)', '/a.js', 1)],
  ];

  it.each(cases)('%s: %s', (isOne, _what, a, b) => {
    expect(rank([stallIn('f', a), stallIn('f', b)]).offenders).toHaveLength(isOne ? 1 : 2);
  });

  it('also where nothing is known of them', () => {
    const { startedAt, duration, advice } = stallIn('f');
    const unseen: Stall = { startedAt, duration, advice, kind: 'suspended', confidence: 'none', samples: [], context: {} };
    expect(rank([unseen, unseen]).offenders).toEqual([expect.objectContaining({ count: 2, stack: [], requests: 0 })]);
  });
});

it('A ranking of nothing is empty', () => {
  expect(rank([])).toEqual({ stalls: 0, blockedMs: 0, offenders: [], others: { count: 0, totalMs: 0 }, timeline: [] });
});

function rank(stalls: readonly Stall[]): ReturnType<Ranking['toJSON']> {
  const ranking = new Ranking();
  for (const stall of stalls) ranking.add(stall);
  return ranking.toJSON();
}

/** Allows a deviation of one per cent: a stall or two of an offender may have been dropped before the offender proved to be heavy. */
function expectNearly(offender: Offender, stalls: readonly Stall[]): void {
  const durations = stalls.map(({ duration }) => duration).sort((a, b) => a - b);
  const truth = { count: stalls.length, totalMs: sum(durations), p50: durations[Math.ceil(durations.length / 2) - 1]!, max: durations.at(-1)! };
  for (const [figure, value] of Object.entries(truth)) expect(Math.abs(offender[figure as keyof typeof truth] / value - 1), figure).toBeLessThanOrEqual(0.01);
  expect(offender.requests).toBe(new Set(stalls.map(({ context }) => JSON.stringify(context))).size);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, next) => total + next, 0);
}
