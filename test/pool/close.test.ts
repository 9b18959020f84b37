import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createPool } from 'offloop';
import { describe, expect, it, onTestFinished } from 'vitest';

import { waitsAt } from '../fixtures/gates.js';
import { add } from '../fixtures/places.js';
import { hearsWhenTold, spins } from '../fixtures/stops.js';
import { gate, observed, poolFor, rejection, runNode, runtimes, script, workers } from './helpers.ts';

const closed = { code: 'OFFLOOP_POOL_CLOSED', name: 'PoolClosedError' };

describe.each(runtimes)('closing a pool of %s', (runtime) => {
  it('lets running and waiting calls finish, and refuses new ones', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, name: 'closing' });
    const { path, open } = gate();
    const calls = [1, 2, 3].map((i) => pool.run(waitsAt, [path, i]));
    const closing = pool.close();
    const refused = await rejection(pool.run(add, [1, 1]));
    expect(refused).toMatchObject(closed);
    expect(refused.message).toMatch(/'add'.*'closing'/s);
    expect(await rejection(pool.ready())).toMatchObject(closed);
    expect(pool.stats().state).toBe('closing');
    open();
    expect(await Promise.all(calls)).toEqual([1, 2, 3]);
    await closing;
    expect(pool.stats()).toMatchObject({ state: 'closed', workers: { busy: 0, idle: 0 } });
    expect(await rejection(pool.run(add, [1, 1]))).toMatchObject(closed);
  });

  it('without draining rejects running and waiting calls, and sends the running task an abort', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, abortGrace: 20_000 });
    const { options, started, seen } = observed();
    const running = rejection(pool.run(hearsWhenTold, [], options));
    const waiting = rejection(pool.run(add, [1, 1]));
    await started;
    await pool.close({ drain: false });
    expect(await running).toMatchObject(closed);
    expect(await waiting).toMatchObject(closed);
    expect(seen).toEqual(['started']);
  });

  it('stops draining after its timeout', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, abortGrace: 10 });
    const call = rejection(pool.run(waitsAt, [gate().path, 1]));
    await pool.close({ timeout: 30 });
    expect(await call).toMatchObject(closed);
  });

  it('works once if called twice, and a second call may have a shorter timeout', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, abortGrace: 10 });
    const call = rejection(pool.run(waitsAt, [gate().path, 1]));
    const patient = pool.close();
    await pool.close({ drain: false });
    await patient;
    expect(await call).toMatchObject(closed);
    await pool.close();
  });

  it('rejects callers that wait for room', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, maxQueue: 0 });
    const { path, open } = gate();
    const call = pool.run(waitsAt, [path, 1]);
    const room = rejection(pool.ready());
    const closing = pool.close();
    expect(await room).toMatchObject(closed);
    open();
    expect(await call).toBe(1);
    await closing;
  });

  it('happens at the end of `await using`', async () => {
    const pool = createPool({ runtime });
    expect(await pool.run(add, [1, 1])).toBe(2);
    await pool[Symbol.asyncDispose]();
    expect(pool.stats().state).toBe('closed');
  });

  it('works from a task\'s own continuation, and before the first task', async () => {
    const pool = poolFor({ runtime });
    await pool.run(add, [1, 1]).then(() => pool.close());
    await poolFor({ runtime }).close();
  });
});

describe.each(workers)('closing while a thread spins on %s', (runtime) => {
  it('ends the worker after abortGrace', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, abortGrace: 20 });
    const { options, started } = observed();
    const call = rejection(pool.run(spins, [], options));
    await started;
    await pool.close({ drain: false });
    expect(await call).toMatchObject(closed);
    expect(pool.stats()).toMatchObject({ state: 'closed', workers: { busy: 0, idle: 0 } });
  });
});

describe.each(runtimes)('the process and a pool of %s', (runtime) => {
  it('ends by itself when the pool is idle', async () => {
    expect(await runNode([script('ends-idle.js'), runtime])).toEqual({ code: 0, stdout: 'sum 3\n', stderr: '' });
  });

  it('stays alive for a pending task', async () => {
    expect(await runNode([script('waits-for-pending.js'), runtime])).toEqual({ code: 0, stdout: 'settled: late\n', stderr: '' });
  });

  it('leaves no handle behind after close()', async () => {
    expect(await runNode([script('closes-clean.js'), runtime])).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  });
});

describe('the process', () => {
  it('is ended by process.exit() while children spin, and its children end, too', async () => {
    const { code, stdout } = await runNode([script('exits-while-spinning.js')]);
    expect(code).toBe(0);
    const pid = Number(stdout);
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  it.each(['exits-at-start.js', 'exits-while-spinning.js'])('leaves no file behind when process.exit() ends its children: %s', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-test-'));
    onTestFinished(() => { rmSync(folder, { recursive: true }); });
    expect((await runNode([script(name)], { TMPDIR: folder, TEMP: folder, TMP: folder })).code).toBe(0);
    await expect.poll(() => readdirSync(folder)).toEqual([]);
  });

  it('is not ended by a worker thread that throws while the pool closes', async () => {
    expect(await runNode([script('throws-while-closing.js')])).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
  });

  it('starts no thread when it imports offloop, and ends', async () => {
    expect(await runNode([script('imports-only.js')])).toEqual({ code: 0, stdout: '0 workers\n', stderr: '' });
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
