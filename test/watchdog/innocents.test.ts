import { randomUUID } from 'node:crypto';

import type { WatchdogReport } from 'offloop/watchdog';
import { describe, expect, it } from 'vitest';

import { fixture, startProcess, startServer, type Line, type Scheduling, type Watched } from './watched.ts';

describe('reports nothing', () => {
  it.each([
    ['of forty timers that are due at once, of 10 ms each', 'short-timers.js'],
    ['of forty immediates, of 10 ms each', 'short-immediates.js'],
    ['of a worker thread that is busy', 'busy-worker.js'],
    ['of a pool whose worker is busy', 'busy-pool.js'],
    ['of a process that is idle', 'idle.js'],
  ])('%s', async (_what, name) => {
    await expectNothing(name, (watched) => watched.request());
  });

  it('of fifty requests at once, of 10 ms each', async () => {
    await expectNothing('short-request.js', async (watched) => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => watched.request()));
      return answers.reduce((sum, { ms, waitingMs }) => ({ ms: sum.ms + ms, waitingMs: sum.waitingMs + waitingMs }));
    });
  });

  it.each([
    ['imports', 'imports-slow.js', []],
    ['imports, once the watchdog is ready,', 'imports-slow-later.js', []],
    ['requires', 'requires-slow.cjs', []],
    ['imports as CommonJS, once the watchdog is ready,', 'requires-slow-later.cjs', []],
    ['imports, with a watchdog that came with --import,', 'slow.js', ['--import', fixture('start-up/starts-watchdog.js').href]],
    ['requires, with a watchdog that came with --import,', 'slow.cjs', ['--import', fixture('start-up/starts-watchdog.js').href]],
  ])('of a slow module that a starting process %s (%s)', async (_how, name, execArgv) => {
    const watched = startProcess(fixture(`start-up/${name}`), [], { execArgv });
    await watched.message('loaded');
    expectNoStall(watched, await watched.stop());
  });
});

describe('does not report', () => {
  it.each(['sync', 'async'])('what blocks inside expectBlock, %s: it is counted apart', async (way) => {
    const watched = await startServer(fixture('innocents/expected-block.js'));
    await watched.request(way);
    await watched.request('unexpected');
    await watched.until('the stall', () => watched.stalls[0]);
    const report = await watched.stop();
    expect(watched.stalls).toMatchObject([{ context: { request: { requestId: 'unexpected' } } }]);
    expect(report).toMatchObject({ stalls: 1, expected: { count: 1 } });
    expect(report.expected.ms).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(watched.lines)).not.toContain(`"requestId":"${way}"`);
  });

  it('what `ignore` says is to be ignored', async () => {
    const watched = await startServer(fixture('innocents/ignored-block.js'));
    await watched.request('ignored');
    await watched.request('reported');
    await watched.until('the stall', () => watched.stalls[0]);
    const report = await watched.stop();
    expect(watched.stalls).toMatchObject([{ context: { request: { requestId: 'reported' } } }]);
    expect(JSON.stringify(watched.stalls)).toContain('isNews');
    expect(report.stalls).toBe(1);
    expect(JSON.stringify(watched.lines)).not.toMatch(/isKnown|"requestId":"ignored"/);
  });

  it('its own report as it is printed', async () => {
    const watched = await startServer(fixture('innocents/prints-report.js'));
    await watched.request('blocker');
    await watched.until('the stall', () => watched.stalls[0]);
    await watched.request('printer');
    await watched.stop();
    expect(watched.stalls).toMatchObject([{ context: { request: { requestId: 'blocker' } } }]);
  });
});

describe('does not blame', () => {
  it('the requests that waited for the blocker', async () => {
    const watched = await startServer(fixture('innocents/follows-a-blocker.js'));
    const blocker = watched.request('blocker');
    await watched.line('stuck');
    const innocents = Array.from({ length: 5 }, () => randomUUID());
    await Promise.all([blocker, ...innocents.map((id) => watched.request(id))]);
    await watched.until('the stall', () => watched.stalls[0]);
    await watched.stop();
    expect(watched.stalls).toMatchObject([{ context: { request: { requestId: 'blocker' } } }]);
    for (const id of innocents) expect(JSON.stringify([watched.stalls, watched.lines])).not.toContain(id);
  });

  it('the callback that comes after a native call', async () => {
    const watched = await startServer(fixture('innocents/follows-a-native-call.js'));
    await watched.request('blocker');
    await watched.until('the stall', () => watched.stalls[0]);
    await watched.stop();
    expect(watched.stalls).toMatchObject([{ kind: 'native' }]);
    for (const told of ['innocent"', 'comesNext']) expect(JSON.stringify([watched.stalls, watched.lines])).not.toContain(told);
  });

  it('a request for work that belongs to none, and comes after it', async () => {
    const watched = await startServer(fixture('innocents/outside-of-requests.js'));
    await watched.request('before');
    await watched.outside();
    await watched.until('the stall', () => watched.stalls[0]);
    await watched.stop();
    expect(watched.stalls).toMatchObject([{ kind: 'javascript', confidence: 'live', context: {} }]);
    expect(watched.stalls[0]?.context).toEqual({});
    expect(JSON.stringify(watched.lines)).not.toContain('before');
  });
});

/** Run again only where the kernel has counted that the process went without a CPU most of the time: then it did stall. */
async function expectNothing(name: string, drive: (watched: Watched) => Promise<Scheduling>): Promise<void> {
  for (let run = 1; ; run++) {
    const watched = await startServer(fixture(`innocents/${name}`));
    const { ms, waitingMs } = await drive(watched);
    const report = await watched.stop();
    if (run < 3 && waitingMs > ms / 2 && watched.stalls.some(({ kind }) => kind === 'starved')) continue;
    expectNoStall(watched, report);
    return;
  }
}

function expectNoStall({ stalls, lines }: Watched, report: WatchdogReport): void {
  expect(stalls).toEqual([]);
  expect(lines.filter(({ offloop }: Line) => offloop !== undefined)).toEqual([]);
  expect(report).toMatchObject({ stalls: 0, blockedMs: 0, capture: { mode: 'live' } });
}
