import { withDeadline } from 'offloop';
import { describe, expect, it, onTestFinished } from 'vitest';

import { takes } from '../../fixtures/faults.js';
import { blocksAt, leavesMark, waitsAt } from '../../fixtures/gates.js';
import { add, place } from '../../fixtures/places.js';
import { asksInner, describesItself } from '../../fixtures/reports.js';
import { hangs, hearsWhenTold, spins, stopsWhenTold, throwsWhenTold } from '../../fixtures/stops.js';
import { expectCapacity, gate, observed, poolFor, rejection, runtimes, workers } from '../helpers.ts';

const patient = { abortGrace: 20_000 };

describe.each(runtimes)('cancelling a call on %s', (runtime) => {
  it('rejects with the same reason as a signal that was aborted before, and starts nothing', async () => {
    const pool = poolFor({ runtime });
    const reason = { why: 'not an error at all' };
    const mark = gate();
    expect(await rejection(pool.run(leavesMark, [mark.path], { signal: AbortSignal.abort(reason) }))).toBe(reason);
    await pool.run(add, [1, 1]);
    expect(mark.isOpen()).toBe(false);
    expect(pool.stats().tasks).not.toHaveProperty('leavesMark');
  });

  it('never starts a call that was aborted while it waited', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const { path, open } = gate();
    const { options, started } = observed();
    const holding = pool.run(waitsAt, [path, 1], options);
    await started;
    const controller = new AbortController();
    const mark = gate();
    const aborted = rejection(pool.run(leavesMark, [mark.path], { signal: controller.signal }));
    const behind = pool.run(add, [2, 2]);
    const reason = new Error('changed my mind');
    controller.abort(reason);
    expect(await aborted).toBe(reason);
    open();
    expect(await Promise.all([holding, behind])).toEqual([1, 4]);
    expect(mark.isOpen()).toBe(false);
  });

  it('sends an abort to a task that awaits, which may stop by itself and keep its worker', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, ...patient });
    const before = await pool.run(place, []);
    const controller = new AbortController();
    const { options, started } = observed({ signal: controller.signal });
    const call = rejection(pool.run(hearsWhenTold, [], options));
    await started;
    controller.abort();
    expect(await call).toMatchObject({ name: 'AbortError' });
    const after = await pool.run(place, []);
    expect(after).toEqual({ ...before, calls: before.calls + 1 });
    expect(pool.stats().workers.replaced).toBe(0);
  });

  it('does nothing when the call has settled already', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const controller = new AbortController();
    expect(await pool.run(add, [1, 2], { signal: controller.signal })).toBe(3);
    controller.abort();
    expect(await pool.run(add, [1, 2])).toBe(3);
    expect(pool.stats().workers.replaced).toBe(0);
  });

  it('causes no warning when a thousand calls share one signal', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const pool = poolFor({ runtime, maxThreads: 2 });
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 1000 }, (_, i) => pool.run(add, [i, 1], { signal })));
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('rejects a waiting call when its deadline passes, and never starts it', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const { path, open } = gate();
    const holding = pool.run(waitsAt, [path, 1]);
    const mark = gate();
    const error = await rejection(pool.run(leavesMark, [mark.path], { deadline: Date.now() + 20 }));
    expect(error).toMatchObject({ code: 'OFFLOOP_DEADLINE', name: 'DeadlineExceededError' });
    expect(error.message).toMatch(/'leavesMark'.*never started/s);
    open();
    await holding;
    await pool.run(add, [1, 1]);
    expect(mark.isOpen()).toBe(false);
  });

  it('refuses at once a call whose deadline has passed', async () => {
    const pool = poolFor({ runtime });
    expect(await rejection(pool.run(add, [1, 1], { deadline: Date.now() - 1 }))).toMatchObject({ code: 'OFFLOOP_DEADLINE' });
    expect(await rejection(withDeadline(0, () => pool.run(add, [1, 1])))).toMatchObject({ code: 'OFFLOOP_DEADLINE' });
    expect(pool.stats().workers.started).toBe(0);
  });

  it('passes the nearer deadline on to the task, and to the tasks that it calls', async () => {
    const pool = poolFor({ runtime });
    const far = Date.now() + 60_000;
    expect((await pool.run(describesItself, [], { deadline: far })).deadline).toBe(far);
    const nested = await withDeadline(30_000, () => pool.run(describesItself, [], { deadline: far }));
    expect(nested.deadline).toBeLessThan(far);
    const { outer, inner } = await withDeadline(30_000, () => pool.run(asksInner, []));
    expect(outer).toBeGreaterThan(Date.now());
    expect(inner).toBe(outer);
    expect((await pool.run(describesItself, [])).deadline).toBeUndefined();
  });

  it('rejects a call whose deadline passes while it runs', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    // A cold worker may still be starting when the deadline passes.
    await expectCapacity(pool, 1);
    const error = await rejection(pool.run(hangs, [], { deadline: Date.now() + 300 }));
    expect(error).toMatchObject({ code: 'OFFLOOP_DEADLINE' });
    expect(error.message).toContain('while it ran');
    await expectCapacity(pool, 1);
  });

  it('ends a task that waits for ever at its timeout, and the pool is whole again', async () => {
    const pool = poolFor({ runtime, maxThreads: 2 });
    const error = await rejection(pool.run(hangs, [], { timeout: 30 }));
    expect(error).toMatchObject({ code: 'OFFLOOP_TIMEOUT', name: 'TaskTimeoutError' });
    expect(error.message).toMatch(/'hangs' ran longer than its timeout of 30 ms/);
    await expectCapacity(pool, 2);
  });

  it('counts a timeout from the start of the task, not while it waits', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const { path, open } = gate();
    const holding = pool.run(waitsAt, [path, 1]);
    const waiting = pool.run(add, [1, 1], { timeout: 60 });
    const expired = rejection(pool.run(add, [1, 1], { deadline: Date.now() + 200 }));
    expect(await expired).toMatchObject({ code: 'OFFLOOP_DEADLINE' });
    open();
    expect(await Promise.all([holding, waiting])).toEqual([1, 2]);
  });

  it('uses the call\'s timeout in place of the pool\'s timeout', async () => {
    const pool = poolFor({ runtime, timeout: 25, maxThreads: 1, ...patient });
    expect(await rejection(pool.run(hearsWhenTold, []))).toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
    const { path, open } = gate();
    const { options, started } = observed({ timeout: Infinity });
    const call = pool.run(waitsAt, [path, 'in time'], options);
    await started;
    await rejection(pool.run(add, [1, 1], { deadline: Date.now() + 60 }));
    open();
    expect(await call).toBe('in time');
  });
});

describe.each(workers)('cancelling a synchronous loop on %s', (runtime) => {
  it('is seen by a loop that reads the signal', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, ...patient });
    const controller = new AbortController();
    const { options, started } = observed({ signal: controller.signal });
    const call = rejection(pool.run(stopsWhenTold, [], options));
    await started;
    controller.abort('enough');
    expect(await call).toBe('enough');
    expect(await pool.run(add, [1, 1])).toBe(2);
    expect(pool.stats().workers.replaced).toBe(0);
  });

  it('ends a loop that calls throwIfAborted', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, ...patient });
    const error = await rejection(pool.run(throwsWhenTold, [], { timeout: 40 }));
    expect(error).toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
    expect(await pool.run(add, [1, 1])).toBe(2);
    expect(pool.stats().workers.replaced).toBe(0);
  });

  it('replaces the worker of a loop that never reads the signal, after abortGrace', async () => {
    const pool = poolFor({ runtime, maxThreads: 2, abortGrace: 20 });
    const controller = new AbortController();
    const { options, started } = observed({ signal: controller.signal });
    const call = rejection(pool.run(spins, [], options));
    const sibling = gate();
    const other = pool.run(waitsAt, [sibling.path, 'lived']);
    await started;
    controller.abort();
    expect(await call).toMatchObject({ name: 'AbortError' });
    await expect.poll(() => pool.stats().workers.replaced, { timeout: 20_000 }).toBe(1);
    sibling.open();
    expect(await other).toBe('lived');
    await expectCapacity(pool, 2);
  });

  it('ends a loop at its timeout and runs the calls that waited behind it', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, abortGrace: 20 });
    const stuck = rejection(pool.run(spins, [], { timeout: 60 }));
    const behind = [1, 2, 3].map((i) => pool.run(add, [i, i]));
    expect(await stuck).toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
    expect(await Promise.all(behind)).toEqual([2, 4, 6]);
    await expectCapacity(pool, 1);
  });
});

describe('the stack of a thread that was stuck at its timeout', () => {
  it('is in the error, with the user\'s frames and no others', async () => {
    const pool = poolFor({ maxThreads: 1, abortGrace: 0 });
    const error = await rejection(pool.run(spins, [], { timeout: 60 }));
    expect(error.workerStack.split('\n')).toEqual([expect.stringMatching(/^ {4}at spins \(file:.*\/stops\.js:\d+:\d+\)$/)]);
    expect(error.message).toContain(error.workerStack);
  });

  it('is found in a call that blocks in native code, too', async () => {
    const pool = poolFor({ maxThreads: 1, abortGrace: 0 });
    const error = await rejection(pool.run(blocksAt, [gate().path, 1], { timeout: 60 }));
    expect(error.workerStack).toMatch(/at blocksAt \(file:.*gates\.js/);
  });

  it('is absent when the task was only waiting', async () => {
    const pool = poolFor({ maxThreads: 1 });
    const error = await rejection(pool.run(hangs, [], { timeout: 30 }));
    expect(error.workerStack).toBe(undefined);
  });
});

describe('a call whose deadline passes while it is being made', () => {
  it('is refused, and no timer gets a negative duration', async () => {
    const pool = poolFor({});
    const warnings: Error[] = [];
    const warned = (warning: Error): void => { warnings.push(warning); };
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    const deadline = Date.now() + 50;
    const slow = { get value() { return untilAfter(deadline); } };
    expect(await rejection(pool.run(takes, [slow], { deadline }))).toMatchObject({ code: 'OFFLOOP_DEADLINE' });
    expect(warnings).toEqual([]);
  });
});

/** Blocks until the given time. */
function untilAfter(time: number): number {
  while (Date.now() <= time);
  return time;
}
