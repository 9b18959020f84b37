import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { runServer, expectNoStall, expectNoStallDuring, requestEach } from './innocents.ts';
import { fixture, startProcess } from './watched.ts';

describe('reports nothing', () => {
  it.each([
    ['of forty timers that are due at once, of 10 ms each', 'short-timers.js'],
    ['of a pool whose worker is busy', 'busy-pool.js'],
  ])('%s', async (_what, name) => {
    await expectNoStallDuring(name, (watched) => watched.request());
  });

  it('of fifty requests at once, of 10 ms each', async () => {
    await expectNoStallDuring('short-request.js', (watched) => Promise.all(Array.from({ length: 50 }, () => watched.request())));
  });

  it.each([
    ['imports, once the watchdog is ready,', 'imports-slow-later.js', []],
    ['requires, with a watchdog that came with --import,', 'slow.cjs', ['--import', fixture('start-up/starts-watchdog.js').href]],
  ])('of a slow module that a starting process %s (%s)', async (_how, name, execArgv) => {
    const watched = startProcess(fixture(`start-up/${name}`), [], { execArgv });
    await watched.message('loaded');
    await watched.stop();
    expectNoStall(watched);
  });
});

describe('does not report', () => {
  it.each(['sync', 'async'])('what blocks inside expectBlock, %s: it is counted apart', async (way) => {
    const { stalls, lines, report } = await requestEach('expected-block.js', [way, 'unexpected']);
    expect(stalls).toMatchObject([{ context: { request: { requestId: 'unexpected' } } }]);
    expect(report).toMatchObject({ stalls: 1, expected: { count: 1 } });
    expect(report?.expected.ms).toBeGreaterThan(399);
    expect(JSON.stringify(lines)).not.toContain(`"requestId":"${way}"`);
  });

  it('what `ignore` says is to be ignored', async () => {
    const { stalls, lines, report } = await requestEach('ignored-block.js', ['ignored', 'reported']);
    expect(stalls).toMatchObject([{ context: { request: { requestId: 'reported' } } }]);
    expect(JSON.stringify(stalls)).toContain('isNews');
    expect(report?.stalls).toBe(1);
    expect(JSON.stringify(lines)).not.toMatch(/isKnown|"requestId":"ignored"/);
  });

  it('its own report as it is printed', async () => {
    const { stalls } = await runServer('prints-report.js', async (watched) => {
      await watched.request('blocker');
      await watched.stall();
      await watched.request('printer');
    });
    expect(stalls).toMatchObject([{ context: { request: { requestId: 'blocker' } } }]);
  });
});

describe('does not blame', () => {
  it('the requests that waited for the blocker', async () => {
    const innocents = Array.from({ length: 5 }, () => randomUUID());
    const { stalls, lines } = await runServer('follows-a-blocker.js', async (watched) => {
      const blocker = watched.request('blocker');
      await watched.line('stuck');
      await Promise.all([blocker, ...innocents.map((id) => watched.request(id))]);
      await watched.stall();
    });
    expect(stalls).toMatchObject([{ context: { request: { requestId: 'blocker' } } }]);
    for (const id of innocents) expect(JSON.stringify([stalls, lines])).not.toContain(id);
  });

  it('the callback that comes after a native call', async () => {
    const { stalls, lines } = await requestEach('follows-a-native-call.js', ['blocker']);
    expect(stalls).toMatchObject([{ kind: 'native' }]);
    expect(JSON.stringify([stalls, lines])).not.toMatch(/comesNext|"requestId":"innocent"/);
  });

  it('a request that comes after work outside of any request', async () => {
    const { stalls, lines } = await runServer('outside-of-requests.js', async (watched) => {
      await watched.request('before');
      await watched.outside();
      await watched.stall();
    });
    expect(stalls).toMatchObject([{ kind: 'javascript', confidence: 'live' }]);
    expect(stalls[0]?.context).toEqual({});
    expect(JSON.stringify(lines)).not.toContain('before');
  });
});
