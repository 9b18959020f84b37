import { describe, expect, it } from 'vitest';

import { startWatchdog } from 'offloop/watchdog';

import { watchdogLines, runWatched } from './processes.ts';

describe('after stop()', () => {
  it('nothing is left: no handle, listener, thread or file, after twenty times as after one', async () => {
    const { code, stderr, stdout } = await runWatched('starts-and-stops.js');
    expect([code, stderr]).toEqual([0, '']);
    const { handles, before, after, afterHasty } = JSON.parse(stdout);
    expect(before).toMatchObject({ handles, probes: 0 });
    expect([after, afterHasty]).toEqual([before, before]);
  });

  it('the log is empty, whatever the watchdog was just doing', async () => {
    expect(await runWatched('stops-at-any-moment.js')).toMatchObject({ code: 0, stderr: '' });
  });

  it('the report keeps its stalls', async () => {
    const watchdog = startWatchdog({ log: false });
    const { capture } = await watchdog.ready();
    await watchdog.stop();
    expect(watchdog.report()).toMatchObject({ stalls: 0, capture });
    expect(watchdog.lag()).toEqual(watchdog.report().lag);
    expect(await watchdog.ready()).toMatchObject({ capture });
    expect(watchdog.expectBlock('it still runs', () => 42)).toBe(42);
  });

  it('Symbol.asyncDispose has stopped it, too', async () => {
    const before = process.listenerCount('exit');
    {
      await using watchdog = startWatchdog({ log: false });
      await watchdog.ready();
      expect(process.listenerCount('exit')).toBe(before + 1);
    }
    expect(process.listenerCount('exit')).toBe(before);
  });
});

describe('a process with a running watchdog', () => {
  it.each([['returns with no block', 3], ['exits with no block', 4]])('that %s ends by itself, with its own exit code, and says nothing', async (way, code) => {
    const ended = await runWatched('ends-after-block.js', {}, { args: [way] });
    expect([ended.code, ended.signal, ended.stderr]).toEqual([code, null, '']);
    expect(ended.said('exit')).toEqual([{ code, functions: [] }]);
  });

  it('that waits for ready() alone stays alive until then, and no longer', async () => {
    const ended = await runWatched('only-waits-for-ready.js');
    expect([ended.code, ended.stderr, ended.said('ready')]).toEqual([0, '', [{ capture: { mode: 'live' } }]]);
  });

  it('without anything to wait for ends before its watchdog has started', async () => {
    const ended = await runWatched('starts-and-ends.js');
    expect([ended.code, ended.stderr]).toEqual([3, '']);
  });

  it('that a signal ends, ends by that signal', async () => {
    const ended = await runWatched('kills-itself.js');
    expect([ended.code, ended.signal, ended.stderr]).toEqual([null, 'SIGTERM', '']);
  });
});

describe('what was stuck last is reported by a process that', () => {
  it.each([
    ['returns', 3, 'spins'],
    ['exits after it', 4, 'spins'],
    ['exits in the next callback', 4, 'spins'],
    ['throws after it', 1, 'spins'],
    ['rejects after it', 1, 'spins'],
    ['returns after a native call', 3, 'returns after a native call'],
    ['exits after a native call', 4, 'exits after a native call'],
  ])('%s: by its log, by onStall, and to its exit listeners', async (way, code, culprit) => {
    const ended = await runWatched('ends-after-block.js', {}, { args: [way] });
    expect([ended.code, ended.signal]).toEqual([code, null]);
    expect(ended.stderr).not.toContain('debugger');
    expect(ended.said('exit')).toEqual([{ code, functions: [culprit] }]);
    expect(ended.said('stall').at(-1)).toMatchObject({ culprit: { function: culprit }, context: { request: { id: 'r-4' } } });
    expect(watchdogLines(ended.stderr).at(-1)).toMatch(new RegExp(`^offloop: the event loop (is free again after|was stuck for) .* in ${culprit} \\(`));
  });
});
