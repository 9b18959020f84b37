import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { StallLog } from '../../../src/watchdog/report/log.ts';
import type { Frame, Stall } from '../../../src/watchdog/types.ts';
import { makeFifo, runWatched } from '../processes.ts';

const frame = (name: string, file: string, line: number): Frame => ({ function: name, file, line, column: 7 });
const validate: Frame = { ...frame('validate', resolve('node_modules/ajv/dist/validate.js'), 12), package: 'ajv', calledFrom: frame('checkBody', resolve('src/body.js'), 34) };
const stall: Stall = {
  ...{ startedAt: 1_700_000_000_000, duration: 1234.5, kind: 'javascript', confidence: 'live' },
  culprit: validate,
  samples: [[frame('outdated', '/else/where.js', 1)], [{ ...frame('RegExp.test', 'native', 0), column: 0 }, validate, frame('checkBody', resolve('src/body.js'), 34), { ...frame('handle', '/else/where.js', 5), isAsync: true }]],
  context: { request: { id: 'r-1' } },
  task: 'validate',
  advice: { action: 'offload', text: 'Offload it.\nLike this.' },
};

describe('the text for people', () => {
  it('about a stall that lasts shows the place, the context, the kind, the latest stack and the advice', () => {
    expect(linesOf((log) => { log.stuck(stall, 0); })).toEqual([
      'offloop: the event loop has been stuck for 1.2 s in validate (node_modules/ajv/dist/validate.js:12:7), called from checkBody (src/body.js:34:7)',
      '  javascript',
      '  task: validate',
      '  context: {"request":{"id":"r-1"}}',
      '      at RegExp.test',
      '      at validate (node_modules/ajv/dist/validate.js:12:7)',
      '      at checkBody (src/body.js:34:7)',
      '      at async handle (/else/where.js:5:7)',
      '  → Offload it.',
      '    Like this.',
    ]);
  });

  it('about a stall that is over is whole where the log had nothing before, and one line where it had', () => {
    const [first, second] = linesOf((log) => { log.ended({ ...stall, confidence: 'at-return' }, false, 0); });
    expect([first, second]).toEqual([
      'offloop: the event loop was stuck for 1.2 s in validate (node_modules/ajv/dist/validate.js:12:7), called from checkBody (src/body.js:34:7)',
      '  javascript, seen as it returned',
    ]);
    expect(linesOf((log) => { log.ended(stall, true, 0); })).toEqual(['offloop: the event loop is free again after 1.2 s in validate (node_modules/ajv/dist/validate.js:12:7)']);
  });

  it('about a stall without a stack says so', () => {
    const { startedAt, duration } = stall;
    const bare: Stall = { startedAt, duration, kind: 'suspended', confidence: 'none', samples: [], context: {}, advice: { action: 'none', text: '' } };
    expect(linesOf((log) => { log.ended(bare, false, 0); })).toEqual(['offloop: the event loop was stuck for 1.2 s', '  suspended, no stack could be had']);
  });

  it('about a stall that does not answer, or lasts on, is one line', () => {
    expect(linesOf((log) => { log.silent(104.4, 0); })).toEqual(['offloop: the event loop has been stuck for 104 ms and does not answer: native code, or a call that blocks. Its stack follows when it returns.']);
    expect(linesOf((log) => { log.stillStuck({ ...stall, duration: 10_000 }, 0); })).toEqual(['offloop: still stuck, for 10 s in validate (node_modules/ajv/dist/validate.js:12:7)']);
  });

  it('shows twelve frames, and how many more there are', () => {
    const deep = Array.from({ length: 40 }, (_, i) => frame(`f${i}`, '/a.js', i + 1));
    const lines = linesOf((log) => { log.stuck({ ...stall, samples: [deep] }, 0); });
    expect(lines.filter((line) => line.startsWith('      at '))).toHaveLength(12);
    expect(lines).toContain('      … 28 more');
  });

  it('cuts a context that is long', () => {
    const lines = linesOf((log) => { log.stuck({ ...stall, context: { request: 'x'.repeat(10_000) } }, 0); });
    expect(lines.find((line) => line.includes('context:'))!.length).toBeLessThan(600);
  });
});

describe('what comes from outside', () => {
  const evil = 'a\u001B[2J\u001B]0;t\u0007b\r\nc\u2028d\u0085e\u009B31m';

  it('cannot control a terminal, nor forge a line', () => {
    const lines = linesOf((log) => {
      const culprit = frame(evil, `/x/${evil}.js`, 1);
      log.stuck({ ...stall, culprit: { ...culprit, calledFrom: culprit }, samples: [[culprit]], task: evil, context: { request: evil }, advice: { action: 'offload', text: evil.replaceAll('\n', '') } }, 0);
    });
    expect(lines).toHaveLength(6);
    // eslint-disable-next-line no-control-regex -- the test looks for control characters
    for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]/);
  });

  it('is one line of JSON all the same', () => {
    const lines = linesOf((log) => { log.stuck({ ...stall, task: evil, context: { request: evil } }, 0); }, 'json');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ task: evil, context: { request: evil } });
  });
});

describe('the lines for machines', () => {
  it('hold the whole stall, with its latest stack only', () => {
    const told = { ...stall, samples: stall.samples.slice(-1) };
    const lines = linesOf((log) => {
      log.silent(101, 0);
      log.stuck(stall, 0);
      log.stillStuck(stall, 0);
      log.ended(stall, true, 0);
      log.notice('A "notice".');
    }, 'json');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { offloop: 'stall', event: 'silent', duration: 101 },
      { offloop: 'stall', event: 'stuck', ...told },
      { offloop: 'stall', event: 'stuck', ...told },
      { offloop: 'stall', event: 'ended', ...told },
      { offloop: 'notice', text: 'A "notice".' },
    ]);
  });

  it('are none where there is no log', () => {
    expect(linesOf((log) => { log.stuck(stall, 0); log.notice('x'); }, false)).toEqual([]);
  });
});

describe('the limit', () => {
  const times = (count: number, write: (i: number) => void): void => { Array.from({ length: count }, (_, i) => { write(i); }); };
  const firsts = (lines: string[]): string[] => lines.filter((line) => line.startsWith('offloop:'));

  it('lets twenty reports through at once, and then one for every ten seconds', () => {
    expect(firsts(linesOf((log) => { times(100, () => { log.ended(stall, true, 5000); }); }))).toHaveLength(20);
    const later = firsts(linesOf((log) => { times(100, (i) => { log.ended(stall, true, 5000 + i * 1000); }); }));
    expect(later.filter((line) => line.includes('free again'))).toHaveLength(20 + 9);
  });

  it('says how much it has held back, once', () => {
    const lines = firsts(linesOf((log) => {
      times(50, () => { log.ended(stall, true, 5000); });
      log.ended(stall, true, 25_000);
      log.ended(stall, true, 25_000);
    })).slice(20);
    expect(lines).toEqual(['offloop: 30 more reports were held back; report() counts them all.', expect.stringContaining('free again'), expect.stringContaining('free again')]);
  });

  it('says so in JSON, too, in the next report', () => {
    const lines = linesOf((log) => {
      times(25, () => { log.ended(stall, true, 1); });
      log.ended(stall, true, 10_001);
    }, 'json');
    expect(lines.map((line) => JSON.parse(line).heldBack)).toEqual([...Array<undefined>(20).fill(undefined), 5]);
  });

  it('forgets quiet hours: never more than twenty at once', () => {
    const lines = linesOf((log) => {
      log.ended(stall, true, 1);
      times(100, () => { log.ended(stall, true, 3.6e6); });
    });
    expect(lines).toHaveLength(1 + 20);
  });

  it('holds back no notice', () => {
    const lines = linesOf((log) => {
      times(100, () => { log.ended(stall, true, 1); });
      times(100, () => { log.notice('the process ends'); });
    });
    expect(lines.filter((line) => line === 'offloop: the process ends')).toHaveLength(100);
  });
});

describe.skipIf(process.platform === 'win32')('a stderr (Windows has no mkfifo)', () => {
  it('that was closed crashes nothing', () => {
    const fd = openSync(process.execPath, 'r');
    closeSync(fd);
    new StallLog('stderr', fd).notice('nobody hears it');
  });

  it.each<['full' | 'broken', string]>([
    ['full', 'that nobody empties hangs nothing, and makes up no stall'],
    ['broken', 'whose reader has gone crashes nothing, and the watchdog goes on'],
  ])('%s, %s', async (state) => {
    const { code, signal, said } = await runWatched('blocks-three-times.js', {}, { stderr: openPipe(state) });
    expect({ code, signal, kinds: said('kinds')[0] }).toEqual({ code: 0, signal: null, kinds: ['javascript', 'javascript', 'javascript'] });
  });
});

/** Opens a pipe, and returns the end to write to. */
function openPipe(state: 'full' | 'broken'): number {
  const path = makeFifo();
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const writer = openSync(path, 'w');
  if (state === 'full') fill(reader);
  else closeSync(reader);
  onTestFinished(() => { closeSync(writer); if (state === 'full') closeSync(reader); });
  return writer;
}

function fill(fd: number): void {
  const piece = Buffer.alloc(4096, 'x');
  try {
    for (;;) writeSync(fd, piece);
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' });
  }
}

/** The lines that a log has written to a file. */
function linesOf(write: (log: StallLog) => void, format: 'stderr' | 'json' | false = 'stderr'): string[] {
  const path = join(tmpdir(), `offloop-test-${randomUUID()}`);
  const fd = openSync(path, 'w');
  onTestFinished(() => { rmSync(path); });
  write(new StallLog(format, fd));
  closeSync(fd);
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

