import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, it, onTestFinished, vi } from 'vitest';

import { throwsLater } from '../../fixtures/throws-later.js';
import { leavesLoop, sendsForged } from '../../fixtures/outlives.js';
import { echo } from '../../fixtures/unreadable.js';
import { gate, poolFor, rejection, runNode, script, workers } from '../helpers.ts';

// Changes of tinypool's and Node's behaviour that no other test shows: see the README.md of both tinypool folders.

it('a message that a worker process forges as one of tinypool’s is ignored', async () => {
  const keepsSend = fileURLToPath(new URL('../../fixtures/keeps-send.cjs', import.meta.url));
  const pool = poolFor({ runtime: 'processes', maxThreads: 1, execArgv: ['--require', keepsSend] });
  for (const forged of [{ source: 'pool' }, { source: 'pool', ready: true }, { source: 'port' }, { source: 'other' }]) {
    await pool.run(sendsForged, [forged]);
    expect(await pool.run(echo, [1])).toBe(1);
  }
  expect(pool.stats().workers).toMatchObject({ started: 1, crashed: 0, replaced: 0 });
});

it('tinypool starts no thread in the place of one that has thrown', async () => {
  let started = 0;
  const count = (): void => { started++; };
  process.on('worker', count);
  onTestFinished(() => { process.off('worker', count); });
  const pool = poolFor({ maxThreads: 1 });
  expect(await rejection(pool.run(throwsLater, ['error']))).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED' });
  await pool.close();
  expect(started).toBe(1);
});

it('a response that cannot be read is the error of its call, also when it arrives while tinypool handles another one', async () => {
  const { stdout, stderr } = await runNode([script('reads-late.js')]);
  expect({ lines: stdout.split('\n'), stderr }).toEqual({ lines: [expect.stringContaining('cannot be read on the caller\'s side'), '2', ''], stderr: '' });
});

it('what a worker process has written before it ended is not lost', async () => {
  const { stdout, stderr } = await runNode([script('writes-last.js')]);
  expect({ stdout, stderr }).toEqual({ stdout: `first\n${'x'.repeat(88_000)}last\n`, stderr: 'OFFLOOP_WORKER_CRASHED\n' });
});

it('worker processes that have ended leave the limit of listeners as it was', async () => {
  const limits = (): number[] => [process.stdout, process.stderr].map((stream) => stream.getMaxListeners());
  const before = limits();
  const pool = poolFor({ runtime: 'processes', maxThreads: 1 });
  await pool.run(echo, [1]);
  await pool.close();
  expect(limits()).toEqual(before);
});

it('a worker process in a loop that a task has left is killed when the pool closes, under a faked clock too', async () => {
  const looping = gate();
  const pool = poolFor({ runtime: 'processes', maxThreads: 1 });
  await pool.run(leavesLoop, [looping.path]);
  await vi.waitFor(() => { expect(existsSync(looping.path)).toBe(true); }, 10_000);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  onTestFinished(() => { vi.useRealTimers(); });
  await pool.close();
  expect(pool.stats().workers).toMatchObject({ busy: 0, idle: 0 });
});

it.each(workers)('%s of a process that waits for a debugger do not wait for another debugger', async (runtime) => {
  process.execArgv.push('--inspect-brk=0');
  onTestFinished(() => { process.execArgv.pop(); });
  const pool = poolFor({ runtime, maxThreads: 1, startTimeout: 10_000 });
  expect(await pool.run(echo, [1])).toBe(1);
});
