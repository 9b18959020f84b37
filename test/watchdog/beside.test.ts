import { setImmediate as turn } from 'node:timers';

import { startWatchdog, type Stall, type Watchdog } from 'offloop/watchdog';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { watchdogLines, runWatched } from './processes.ts';

const told = { kind: 'javascript', confidence: 'live', culprit: 'spins', context: { request: { id: 'r-5' } } };
const unseen = { kind: 'javascript', confidence: 'none', context: {} };
const has = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag);

/** The watchdog's notices about itself, without its reports of stalls. */
function notices(stderr: string): string[] {
  return watchdogLines(stderr).filter((line) => !line.startsWith('offloop: the event loop'));
}

function spins(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('stalls are captured', () => {
  it.each([
    ['with no flag', [], /^$/],
    ['beside --inspect', ['--inspect=0'], /^Debugger listening on ws:\S+\nFor help, see: \S+\n$/],
    ['where no code may be made from strings', ['--disallow-code-generation-from-strings'], /^$/],
  ])('%s, and nothing unusual is printed', async (_where, flags, printed) => {
    const { code, stderr, said } = await runWatched('blocks-once.js', { log: false }, { flags });
    expect([code, said('told')]).toEqual([3, [told]]);
    expect(stderr).toMatch(printed);
  });

  it('in a process that profiles itself, whose profile is whole', async () => {
    const { code, stderr, said } = await runWatched('profiles-itself.js', { log: false });
    expect([code, stderr, said('told')]).toEqual([0, '', [['live', 'at-return', 'live']]]);
    expect(said('profile')).toEqual([{ spins: true, parses: true }]);
  });

  it('in a process that debugs itself, whose debugger goes on', async () => {
    const { code, stderr, said } = await runWatched('debugs-itself.js', { log: false });
    expect([code, stderr, said('told')]).toEqual([0, '', ['spins']]);
    expect(said('debugger')).toEqual([{ source: true, result: 42 }]);
  });

  it('while a debugger is attached, whose pauses are no stalls', async () => {
    const { code, stderr, said } = await runWatched('is-debugged.js', { log: false }, { flags: ['--inspect=0'] });
    expect([code, said('attached'), said('afterPause')]).toEqual([0, ['spins'], ['spins']]);
    expect(stderr).not.toContain('Waiting for the debugger');
  });

  it('in a worker thread', async () => {
    const { code, said } = await runWatched('watches-worker.js');
    expect([code, said('worker')]).toEqual([0, [0]]);
    expect(said('told')).toEqual([{ ...told, context: { request: { id: 'r-8' } } }]);
  });

  it('without the user’s prepareStackTrace, whatever the limit', async () => {
    const { code, said } = await runWatched('prepares-stacks.js');
    expect([code, said('told')]).toEqual([0, [{ culprit: 'spins', samples: true, frames: true }]]);
    expect(said('after')).toEqual([{ calls: [], isSame: true, limit: 0 }]);
  });
});

describe('where no stack can be captured', () => {
  it('since intrinsics are frozen, one notice says so, and stalls are reported without stacks', async () => {
    const { code, stderr, said } = await runWatched('blocks-once.js', {}, { flags: ['--frozen-intrinsics'] });
    expect(code).toBe(3);
    // Where Node can capture stacks nevertheless, the stall is reported with its stack.
    if (said('ready')[0].capture.mode === 'live') { expect(said('told')).toEqual([told]); return; }
    expect(said('told')).toEqual([unseen]);
    expect(notices(stderr)).toEqual([expect.stringMatching(/^offloop: no stacks can be captured, and only lag is measured: .*stackTraceLimit/)]);
    expect(stderr).not.toContain('dist/watchdog.js');
  });
});

describe('under --permission', () => {
  const permission = [has('--permission') ? '--permission' : '--experimental-permission', '--no-warnings', '--allow-fs-read=*'];

  it.each([
    ['no worker', [], /^offloop: the watchdog sees stalls only when they are over, without their cause: --permission refuses worker threads/],
    ['no inspector', ['--allow-worker'], /^offloop: no stacks can be captured, and only lag is measured: --permission refuses the inspector/],
  ])('with %s it says so once, measures lag, tells stalls without a stack, and the process goes on', async (_what, allowed, notice) => {
    const ended = await runWatched('blocks-once.js', {}, { flags: [...permission, ...allowed] });
    expect([ended.code, ended.signal, ended.said('told')]).toEqual([3, null, [unseen]]);
    expect(ended.said('ready')[0].capture).toEqual({ mode: 'lag-only', reason: expect.stringContaining('--permission') });
    expect(ended.said('lag')[0].max).toBeGreaterThan(100);
    expect(notices(ended.stderr)).toEqual([expect.stringMatching(notice)]);
    expect(ended.stderr).toMatch(/^offloop: the event loop (was|has been) stuck for/m);
  });

  it('an infinite loop is reported while it lasts, and ended by abortAfter', async () => {
    const { code, signal, stderr } = await runWatched('spins-forever.js', { abortAfter: 300 }, { flags: [...permission, '--allow-worker'] });
    expect([code, signal]).toEqual([null, 'SIGKILL']);
    expect(stderr).toMatch(/^offloop: the event loop has been stuck for \d+ ms\n(.*\n)*offloop: .* longer than `abortAfter` allows: the process ends$/m);
  });

  it.runIf(has('--allow-inspector'))('with --allow-inspector it captures (where this Node has that flag)', async () => {
    const { code, said } = await runWatched('blocks-once.js', {}, { flags: [...permission, '--allow-worker', '--allow-inspector'] });
    expect([code, said('told')]).toEqual([3, [told]]);
  });
});

describe('in a test run', () => {
  const started: Watchdog[] = [];
  afterEach(async () => {
    vi.useRealTimers();
    await Promise.all(started.splice(0).map((watchdog) => watchdog.stop()));
  });

  /** Starts a watchdog. `stallOf()` resolves to the stall of a callback, and runs the callback again where the machine had no CPU for it. */
  async function start(threshold: number): Promise<{ watchdog: Watchdog; stallOf(callback: () => void): Promise<Stall> }> {
    let tell: (stall: Stall) => void = () => undefined;
    const watchdog = startWatchdog({ threshold, log: false, onStall: (stall) => { tell(stall); } });
    started.push(watchdog);
    expect(await watchdog.ready()).toEqual({ capture: { mode: 'live' } });
    const once = (callback: () => void): Promise<Stall> => new Promise((resolve) => {
      tell = resolve;
      turn(callback);
    });
    const stallOf = async (callback: () => void): Promise<Stall> => {
      const stall = await once(callback);
      return stall.kind === 'starved' ? stallOf(callback) : stall;
    };
    return { watchdog, stallOf };
  }

  it('a stall is captured', async () => {
    const { watchdog, stallOf } = await start(100);
    expect(await stallOf(() => { spins(300); })).toMatchObject({ culprit: { function: 'spins', file: import.meta.filename } });
    expect(watchdog.report().offenders.map(({ culprit }) => culprit?.function)).toContain('spins');
  });

  it('two watchdogs report the same stall, and one goes on when the other has stopped', async () => {
    const [one, other] = await Promise.all([start(100), start(200)]);
    const both = Promise.all([one.stallOf(() => { spins(500); }), other.stallOf(() => undefined)]);
    expect((await both).map(({ culprit }) => culprit?.function)).toEqual(['spins', 'spins']);
    await one.watchdog.stop();
    expect(await other.stallOf(() => { spins(500); })).toMatchObject({ confidence: 'live', culprit: { function: 'spins' } });
  });

  it('fake timers do not disturb it', async () => {
    const { stallOf } = await start(100);
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'setImmediate', 'clearInterval', 'clearTimeout', 'queueMicrotask', 'performance', 'hrtime', 'Date'] });
    vi.setSystemTime(0);
    for (let i = 0; i < 2; i++) expect(await stallOf(countsForLong)).toMatchObject({ culprit: { function: 'countsForLong' } });
  });
});

/** Blocks for as long as a stall without reading the clock, which stands still under fake timers. */
function countsForLong(): void {
  let sum = 0;
  for (let i = 0; i < 4e8; i++) sum += i % 7;
  expect(sum).toBeGreaterThan(0);
}
