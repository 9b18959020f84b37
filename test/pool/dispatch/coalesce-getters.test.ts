import { expect, it } from 'vitest';

import type { Call } from '../../../src/pool/calls/call.ts';
import { takeBatch } from '../../../src/pool/dispatch/take-batch.ts';
import { TaskQueue } from '../../../src/pool/queue/task-queue.ts';
import { WorkerKnowledge } from '../../../src/pool/workers/worker-knowledge.ts';
import type { TaskRecord } from '../../../src/task/registry.ts';
import { mixed } from '../../fixtures/mixed.js';
import { heldPool } from '../held-pool.ts';
import { poolFor, rejection } from '../helpers.ts';

/*
 * Where tasks share messages, the pool reads their arguments while it builds a message: a getter in an argument is the
 * caller's code, and may call or close the pool meanwhile.
 */

const task = {} as TaskRecord;

it('a call that a getter in an argument sends to another worker is not sent a second time', () => {
  const queue = new TaskQueue<Call>();
  const taken: Call[] = [];
  const learned = { mean: 0.01, waiting: 0 };
  let id = 0;
  const call = (args: unknown[]): Call => ({ id: id++, args, priority: 0, task, lane: 0, calledAt: 0, learned, state: 'waiting' }) as unknown as Call;
  // The same state as when the getter calls the pool while a worker is free.
  const calls = [call([1]), call([{ get value() { taken.push(queue.shift()!, queue.shift()!); return 2; } }]), call([3]), call([4])];
  for (const one of calls) queue.push(one);
  const knowledge = new WorkerKnowledge();
  knowledge.declare(task);
  knowledge.add(calls[0]!, true);
  const batch = takeBatch(queue, { accept: undefined }, { budget: 1, size: 10, workers: 1, knowledge, mayPrefetch: true });
  expect([batch, taken]).toEqual([[calls[0], calls[3]], [calls[1], calls[2]]]);
});

it('a call that an argument of another call aborts never starts, and is counted once', async () => {
  const { pool, release } = await heldPool({ maxThreads: 1 });
  const marks = new Int32Array(new SharedArrayBuffer(4));
  const controllers = Array.from({ length: 30 }, () => new AbortController());
  let isReleased = false;
  const calls = controllers.map(({ signal }, value) => {
    // The call before it is already in the message; the call behind it waits.
    const abort = (): number => { if (isReleased && value % 3 === 1) for (const other of [value - 1, value + 1]) controllers[other]!.abort(`by ${value}`); return value; };
    return pool.run(mixed, [{ get value() { return abort(); }, marks: new Int32Array(marks.buffer) }], { signal }).catch((reason: unknown) => reason);
  });
  isReleased = true;
  release();
  expect(await Promise.all(calls)).toEqual(controllers.map((_, value) => (value % 3 === 1 ? value : `by ${value % 3 === 0 ? value + 1 : value - 1}`)));
  await pool.run(mixed, [{ value: 1 }]);
  expect(Atomics.load(marks, 0)).toBe(10);
  expect(pool.stats().tasks.mixed).toMatchObject({ count: 51, failed: 20 });
});

it('a call whose own argument closes the pool is refused, and leaves no worker behind', async () => {
  for (const runtime of ['threads', 'inline'] as const) {
    const pool = poolFor({ runtime, maxThreads: 1 });
    const closing: Promise<void>[] = [];
    const item = { get value() { closing.push(pool.close({ drain: false })); return 1; } };
    expect(await rejection(pool.run(mixed, [item]))).toMatchObject({ code: 'OFFLOOP_POOL_CLOSED' });
    await Promise.all(closing);
    expect([closing.length > 0, pool.stats().workers]).toMatchObject([true, { busy: 0, idle: 0, started: 0 }]);
  }
});
