import { setTimeout as sleep } from 'node:timers/promises';

import { OffloopError } from 'offloop';
import { BlockedLoopError, expectNoStall } from 'offloop/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { node } from '../cli/processes.ts';
import { blockFor, blocksInPieces, blocksLater, waitsForChild } from '../fixtures/testing/blocking.js';
import { rejection } from '../pool/helpers.ts';
import { fixture } from './guarded-tests.ts';

afterEach(() => { vi.useRealTimers(); });

describe('expectNoStall()', () => {
  it.each<[string, () => unknown]>([
    ['at once', () => blockFor(250)],
    ['after a while', () => blocksLater(250)],
    ['under fake timers', () => {
      // `Date` stays real: the fixture measures time by `Date`.
      vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'setImmediate', 'performance', 'hrtime'] });
      blockFor(250);
    }],
  ])('fails what blocks %s, with its stack and advice', async (_how, fn) => {
    const error = (await rejection(expectNoStall(fn, { over: 100 }))) as BlockedLoopError;
    expect(error).toBeInstanceOf(BlockedLoopError);
    expect(error).toBeInstanceOf(OffloopError);
    expect(error).toMatchObject({ name: 'BlockedLoopError', code: 'OFFLOOP_BLOCKED_LOOP', expected: 100, actual: error.stall.duration });
    expect(error.stall).toMatchObject({ kind: 'javascript', culprit: { function: 'blockFor' } });
    expect(error.message).toMatch(/^expectNoStall\(\): the event loop was blocked for \d+ ms, and 100 ms are allowed, in `blockFor` \(blocks-for\.js:\d+\) \(javascript\)\.\n.*offload/);
    expect(error.stack).toMatch(/^BlockedLoopError: expectNoStall\(\): [^]*\n {4}at blockFor \(.*blocks-for\.js:\d+:\d+\)\n/);
  });

  it('fails a function that waits without letting the event loop turn', async () => {
    const error = (await rejection(expectNoStall(() => waitsForChild(200)))) as BlockedLoopError;
    expect(error).toMatchObject({ code: 'OFFLOOP_BLOCKED_LOOP', expected: 100 });
    expect(error.stall).toMatchObject({ kind: 'blocking-io', call: 'execFileSync' });
    expect(error.stack).toContain('at waitsForChild (');
  });

  it('returns the result of the function', async () => {
    expect(await expectNoStall(() => 42)).toBe(42);
    expect(await expectNoStall(() => sleep(300, 'slept'), { over: 200 })).toBe('slept');
  });

  it('passes a function that blocks several times for less', async () => {
    await expectNoStall(() => blocksLater(80), { over: 300 });
    await expectNoStall(() => blocksInPieces(600), { over: 300 });
  });

  it('ignores blocks before the call', async () => {
    const call = expectNoStall(() => sleep(1), { over: 200 });
    blockFor(300);
    await call;
  });

  it('passes on the error of the function, and stops watching', async () => {
    const listeners = process.listenerCount('exit');
    const error = new RangeError('the function’s own');
    expect(await rejection(expectNoStall(() => { throw error; }))).toBe(error);
    expect(await rejection(expectNoStall(() => Promise.reject(error)))).toBe(error);
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it.each<[unknown, object | undefined, string]>([
    [42, undefined, 'expectNoStall(): expected a function to run, got `42` (number).'],
    [() => {}, { over: 5 }, 'expectNoStall(): expected `over` to be a number of milliseconds, 10 to 3,600,000, got `5` (number).'],
    [() => {}, { threshold: 50 }, 'expectNoStall(): there is no option `threshold`. The options are `over`.'],
  ])('refuses %s with %j', async (fn, options, message) => {
    expect(await rejection(expectNoStall(fn as () => void, options))).toMatchObject({ code: 'OFFLOOP_OPTION', message });
  });

  it('shows the error without the stall’s samples', async () => {
    const error = (await rejection(expectNoStall(() => blockFor(250)))) as BlockedLoopError;
    expect(Object.keys(error).sort()).toEqual(['actual', 'code', 'expected', 'showDiff']);
  });
});

it('expectNoStall() works without threads and stacks where the process may have none', async () => {
  const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  const { code, stdout } = await node([permission, '--no-warnings', '--allow-fs-read=*', fixture('expects-no-stall.js')]).ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^200 ms: OFFLOOP_BLOCKED_LOOP .* blocked for \d+ ms, and 100 ms are allowed \(javascript, no stack could be had\)\.\n20 ms passed\n$/);
});
