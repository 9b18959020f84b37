import { describe, expect, it } from 'vitest';

import { leaves, leavesHandled } from '../fixtures/leftovers.js';
import { waitsAt } from '../fixtures/gates.js';
import { expectCapacity, gate, observed, poolFor, rejection, workers } from '../pool/helpers.ts';

interface Warning extends Error {
  readonly code?: string;
}

const nextWarning = (): Promise<Warning> => new Promise((resolve) => process.once('warning', resolve));

describe.each(workers)('on %s, code that a finished task has left running', (runtime) => {
  it.each(['a timer', 'a rejection', 'an emitter'])('fails by %s while another task runs: the running task lives, a warning names the finished task, and the worker is replaced', async (way) => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const [bomb, end] = [gate(), gate()];
    await pool.run(leaves, [bomb.path, way]);
    const observer = observed();
    const running = pool.run(waitsAt, [end.path, 'lived'], observer.options);
    running.catch(() => {});
    await observer.started;
    const warned = nextWarning();
    bomb.open();
    expect(await warned).toMatchObject({ code: 'OFFLOOP_LEFTOVER', message: expect.stringMatching(/task 'leaves'.*threw RangeError: thrown by what was left.*no task was lost/) });
    end.open();
    expect(await running).toBe('lived');
    await expectCapacity(pool, 1);
    expect(pool.stats().workers).toMatchObject({ started: 2, crashed: 0, replaced: 1 });
  });

  it('exits while another task runs: the running task is lost, and its error names the finished task', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const [bomb, end] = [gate(), gate()];
    await pool.run(leaves, [bomb.path, 'process.exit()']);
    const observer = observed();
    const running = rejection(pool.run(waitsAt, [end.path, 'lived'], observer.options));
    await observer.started;
    bomb.open();
    expect(await running).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', exitCode: 9, message: expect.stringMatching(/ran the task 'waitsAt'.*did not cause this.*'leaves'.*exited with code 9/s) });
    await expectCapacity(pool, 1);
  });

  it.each(['a timer', 'process.exit()'])('ends the idle worker by %s: a warning names the finished task', async (way) => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const bomb = gate();
    await pool.run(leaves, [bomb.path, way]);
    const warned = nextWarning();
    bomb.open();
    expect(await warned).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', message: expect.stringMatching(/idle worker.*the finished task 'leaves'/s) });
    await expectCapacity(pool, 1);
  });

  it('ends nothing when it handles its own errors', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const [bomb, end] = [gate(), gate()];
    await pool.run(leavesHandled, [bomb.path]);
    const running = pool.run(waitsAt, [end.path, 'lived']);
    bomb.open();
    end.open();
    expect(await running).toBe('lived');
    await expectCapacity(pool, 1);
    expect(pool.stats().workers).toMatchObject({ started: 1, crashed: 0, replaced: 0 });
  });
});
