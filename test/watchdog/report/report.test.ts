import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { duration, percent } from '../../../src/watchdog/page/client/format.js';
import { reportTable } from '../../../src/watchdog/report/table.ts';
import { createReport } from '../../../src/watchdog/watchdog-report.ts';
import { kindNames } from '../../../src/watchdog/stall-kinds.ts';
import type { Frame, Offender, ReportData } from '../../../src/watchdog/types.ts';
import { emptyReport, frame, offender, sampleReport } from './fixtures-report.ts';

describe('a report', () => {
  test('is its data only, for JSON and for Object.keys()', () => {
    const data = sampleReport();
    const report = createReport(data);
    expect(JSON.stringify(report)).toBe(JSON.stringify(data));
    expect(Object.keys(report)).toEqual(Object.keys(data));
    expect({ ...report }).toEqual(data);
  });

  test('prints itself as a table, and as a page', () => {
    const data = sampleReport();
    const report = createReport(data);
    expect(String(report)).toBe(reportTable(data));
    expect(report.toHTML()).toMatch(/^<!doctype html>/);
  });
});

describe('the table', () => {
  test('names what blocked, where, for whom, and the cure', () => {
    const [first, second] = sampleReport().offenders;
    expect(reportTable(sampleReport({ offenders: [first!, second!] }))).toBe(`\
14 stalls blocked the event loop for 5.4 s of 61 s (8.8 %)
Lag: p99 312 ms, max 2.7 s. Expected blocks, not counted: 2 (1.3 s). Stacks were caught live.

#   share  total  count     p50     max  requests  kind               culprit
1  57.1 %  3.9 s      2   2.7 s   2.7 s         2  javascript         validateOrder → RegExp.test
   src/orders/validate.js:12
   e.g. request { requestId: 'r-17', tenant: 'acme' }
   → \`validateOrder\` computes. Run it on a worker:
     \`export const validateOrder = offload(import.meta, function validateOrder(order) { … })\`

2  22.0 %  1.5 s     12  121 ms  180 ms        12  native, at-return  hashPassword → pbkdf2Sync
   src/users/password.js:88
   e.g. request { requestId: 'r-311', tenant: 'globex' }
   → \`pbkdf2Sync\` has an asynchronous twin. In \`hashPassword\`: \`await promisify(pbkdf2)(…)\`

at-return: caught at the first statement after a native call; what had returned by then is not on
the stack.`);
  });

  test('says in one line that nothing was blocked', () => {
    expect(reportTable(emptyReport())).toBe(
      'No stalls: nothing blocked the event loop in the 61 s it was watched. Lag: p99 4.2 ms, max 31 ms.',
    );
  });

  test('says why there are no stacks', () => {
    const reason = 'this Node was built without the inspector';
    const note = `No stacks, only the lag is measured: ${reason}`;
    expect(reportTable(emptyReport({ capture: { mode: 'lag-only', reason } })).split('\n')).toContain(note);
    expect(reportTable(sampleReport({ capture: { mode: 'lag-only', reason } })).split('\n')).toContain(note);
  });

  test('keeps the order of the ranking', () => {
    const offenders = Array.from({ length: 30 }, (_, i) => offender({ culprit: frame(`rank${i + 1}`, `src/${i}.js`, i + 1) }));
    const names = reportTable(sampleReport({ offenders })).match(/rank\d+$/gm);
    expect(names).toEqual(offenders.map(({ culprit }) => culprit!.function));
  });

  test('explains the first ten, and gives the place of the rest', () => {
    const offenders = Array.from({ length: 12 }, (_, i) => offender({ culprit: frame('f', `src/${i}.js`, 3) }));
    const table = reportTable(sampleReport({ offenders }));
    expect(table.match(/→ `validateOrder` computes/g)).toHaveLength(10);
    expect(table).toContain('src/11.js:3');
  });

  test('of a culprit in a dependency it names the package and who called it', () => {
    const table = reportTable(sampleReport());
    expect(table).toContain('node_modules/@acme/markdown/dist/parser.js:1204 (package @acme/markdown)\n   called by renderInvoice (src/billing/invoice.ts:57)');
    expect(table).toContain('in the offloop task invoice');
  });

  test('names the boundary where that is another function than the culprit', () => {
    const boundary = frame('handleOrder', 'src/server.js', 40);
    expect(reportTable(sampleReport({ offenders: [offender({ boundary })] }))).toContain('within handleOrder (src/server.js:40)');
  });

  test('works without frames, context and advice', () => {
    const { culprit: _culprit, boundary: _boundary, ...rest } = offender({ context: {}, advice: { action: 'none', text: '' }, stack: [] });
    const table = (kind: Offender['kind']) => reportTable(sampleReport({ offenders: [{ ...rest, kind, confidence: 'none' }] })).split('\n').slice(4);
    expect(table('gc')).toEqual([expect.stringMatching(/gc, no stack {2}\(garbage collection\)$/)]);
    expect(table('starved')).toEqual([expect.stringMatching(/starved, no stack {2}\(no CPU to run on\)$/)]);
    expect(table('javascript')).toEqual([expect.stringMatching(/\(no stack was caught\)$/)]);
  });

  test('counts the causes that were too many to keep apart', () => {
    expect(reportTable(sampleReport({ others: { count: 1200, totalMs: 63_000 } }))).toContain(
      'And 1,200 stalls, 63 s in all, of causes too many to keep apart.',
    );
  });

  test('has no share of a span of nothing', () => {
    const table = reportTable(sampleReport({ until: sampleReport().since, blockedMs: 0, offenders: [offender({ totalMs: 0, p50: 0, max: 0, share: 0 })], stalls: 1 }));
    expect(table).toContain('1 stall blocked the event loop for 0 ms of 0 ms\n');
    expect(table).not.toMatch(/NaN|Infinity/);
  });

  test('cuts long names and paths, never the file and its line', () => {
    const deep = `/srv/${'folder/'.repeat(40)}validate.js`;
    const culprit = frame('validate'.repeat(40), deep, 4711, { calledFrom: frame('caller'.repeat(40), deep, 1234), package: 'p'.repeat(200) });
    const table = reportTable(sampleReport({ offenders: [offender({ culprit, boundary: frame('outer'.repeat(40), deep, 99) })] }));
    expect(table).toMatch(/\/validate\.js:4711 \(package p+…p+\)$/m);
    expect(table).toMatch(/called by call.*ller \(….*\/validate\.js:1234\)$/m);
    expect(table).toMatch(/within oute.*uter \(….*\/validate\.js:99\)$/m);
    expect(widest(table)).toBeLessThanOrEqual(100);
  });

  test('removes control characters', () => {
    const evil = '\u001B[31mred\u001B]0;title\u0007\r\n\u001B[2J\u009B1A\u202Eevil\u0000';
    const culprit = frame(evil, `/srv/${evil}.js`, 1, { package: evil, calledFrom: frame(evil, evil, 2) });
    const context = { [evil]: evil, request: { [evil]: [evil] } };
    const offenders = [offender({ culprit, boundary: frame(evil, evil, 3), context, task: evil, call: evil, advice: { action: 'offload', text: evil } })];
    const table = reportTable(sampleReport({ offenders, capture: { mode: 'lag-only', reason: evil } }));
    expect(table.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(table).toContain('red');
  });

  test('fits 100 columns, whatever is in it', () => {
    fc.assert(fc.property(anyReport(), (data) => {
      const table = reportTable(data);
      expect(widest(table)).toBeLessThanOrEqual(100);
      expect(table.replaceAll('\n', '')).not.toMatch(/\p{Cc}|NaN|undefined/u);
    }), { numRuns: 100 });
  });
});

test.each([
  [0, '0 ms'], [0.01, '<0.1 ms'], [4.25, '4.3 ms'], [9.97, '10 ms'], [312.4, '312 ms'], [999.7, '1 s'], [2713, '2.7 s'],
  [61_000, '61 s'], [119_960, '2 min'], [303_000, '5 min 3 s'], [3_599_900, '1 h'], [7_980_000, '2 h 13 min'], [360_000_000, '4 d 4 h'], [NaN, '0 ms'],
])('%d ms reads %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([[0, '0 %'], [0.0001, '<0.1 %'], [0.0694, '6.9 %'], [0.22, '22.0 %'], [0.99999, '100 %'], [1.2, '100 %'], [NaN, '0 %']])('a share of %d reads %s', (share, text) => {
  expect(percent(share)).toBe(text);
});

/** The width of the widest line; wide characters take two columns. */
function widest(table: string): number {
  const wide = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/u;
  return Math.max(...table.split('\n').map((line) => Math.max(line.length, Array.from(line, (char) => (wide.test(char) ? 2 : 1)).reduce<number>((a, b) => a + b, 0))));
}

function anyReport(): fc.Arbitrary<ReportData> {
  const ms = fc.oneof(fc.double({ min: 0, max: 1e4, noNaN: true }), fc.double({ min: 0, max: 1e14, noNaN: true }));
  const count = fc.nat(1e9);
  return fc.record({
    stalls: count, blockedMs: ms, until: ms, offenders: fc.array(anyOffender(ms, count), { maxLength: 14 }),
    others: fc.record({ count, totalMs: ms }), expected: fc.record({ count, ms }),
    lag: fc.record({ count, mean: ms, p50: ms, p99: ms, max: ms }),
    capture: fc.record({ mode: fc.constantFrom('starting', 'live', 'lag-only'), reason: anyText() }, { requiredKeys: ['mode'] }),
  }).map((data) => ({ ...data, since: 0, timeline: [] }));
}

function anyOffender(ms: fc.Arbitrary<number>, count: fc.Arbitrary<number>): fc.Arbitrary<Offender> {
  return fc.record({
    kind: fc.constantFrom(...kindNames),
    confidence: fc.constantFrom('live', 'at-return', 'none'),
    culprit: anyFrame(), boundary: anyFrame(), task: anyText(), call: anyText(),
    count, totalMs: ms, p50: ms, max: ms, share: fc.double({ min: 0, max: 1, noNaN: true }), requests: count,
    context: fc.dictionary(anyText(), fc.jsonValue(), { maxKeys: 3 }),
    advice: fc.record({ action: fc.constant('offload'), text: anyText() }),
  }, { requiredKeys: ['kind', 'confidence', 'count', 'totalMs', 'p50', 'max', 'share', 'requests', 'context', 'advice'] })
    .map((one) => ({ ...one, stack: [], firstSeen: 0, lastSeen: 0 }));
}

function anyFrame(): fc.Arbitrary<Frame> {
  const own = { function: anyText(), file: anyText(), line: fc.nat(), column: fc.nat(), package: anyText() };
  const calledFrom = fc.record({ ...own }, { requiredKeys: ['function', 'file', 'line', 'column'] });
  return fc.record({ ...own, calledFrom }, { requiredKeys: ['function', 'file', 'line', 'column'] });
}

function anyText(): fc.Arbitrary<string> {
  const unit = fc.oneof(fc.constantFrom('binary' as const, 'grapheme' as const));
  const text = unit.chain((kind) => fc.string({ unit: kind, maxLength: 200 }));
  const wide = fc.string({ unit: fc.constantFrom('漢', '한', 'ｗ', '👩‍👩‍👧', 'é', '`', ' ', '\n', '\u001B[1m', '/'), maxLength: 300 });
  return fc.oneof(text, wide);
}
