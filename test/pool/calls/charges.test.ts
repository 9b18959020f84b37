import { expect, it } from 'vitest';

import { PromisedCall, type Call } from '../../../src/pool/calls/call.ts';
import { TaskTimings } from '../../../src/pool/calls/stats.ts';
import { takeBatch } from '../../../src/pool/dispatch/take-batch.ts';
import type { EngineWorker } from '../../../src/pool/engines/engine.ts';
import { Unread } from '../../../src/pool/engines/unread.ts';
import { Learned } from '../../../src/pool/learned/learned.ts';
import { TaskQueue } from '../../../src/pool/queue/task-queue.ts';
import { Turn } from '../../../src/pool/queue/turns.ts';
import { failTransferred } from '../../../src/pool/responses/lost-calls.ts';
import { failPending, respond } from '../../../src/pool/responses/responses.ts';
import { failLateStart } from '../../../src/pool/workers/life/late-start.ts';
import { PoolWorker } from '../../../src/pool/workers/pool-worker.ts';
import type { TaskRecord } from '../../../src/task/registry.ts';
import { BatchResults } from '../../../src/wire/batch-results.ts';

const task: TaskRecord = { module: 'file:///task.js', name: 'task', ref: 'file:///task.js', errors: [] } as unknown as TaskRecord;
const reason = (): never => expect.fail('no reason is asked for');
const EXPECTED_MS = 10_000;

let ids = 0;

function callOf(key: string, { args = [], transfer }: { args?: unknown[]; transfer?: [] } = {}): PromisedCall {
  const learned = new Learned(new TaskTimings('task', 'file:///task.js'), undefined, undefined);
  const call = new PromisedCall(++ids, task, learned, 0, new Turn(key), args, undefined, 0, transfer && ({ transfer } as never));
  call.result.catch(() => {});
  return call;
}

/** A worker whose running task has run since the message was sent. */
function workerOf(): { worker: PoolWorker; results: BatchResults } {
  const results = new BatchResults();
  const engine = { batches: { results }, tellsStart: true, taskStartedAt: () => worker.message.sentAt, isReady: () => true } as unknown as EngineWorker;
  const worker = new PoolWorker(engine, { agedAfter: 5, abortGrace: 1000, startsOften: false, onGraceOver: () => undefined });
  return { worker, results };
}

/** Calls that have left the queue for a worker, and are expected to take ten seconds each. */
function sent(calls: readonly Call[], isBatch = false): ReturnType<typeof workerOf> {
  const queue = new TaskQueue<Call>(true);
  const { worker, results } = workerOf();
  for (const call of calls) queue.push(call);
  for (const call of calls) queue.take(call, EXPECTED_MS);
  worker.begin([...calls], isBatch);
  results.clear(calls.length, worker.message.batchNumber);
  return { worker, results };
}

const servedTo = ({ turn }: Call): number => turn!.share!.served;

it.each<[string, (worker: PoolWorker, call: Call) => void]>([
  ['has a response that cannot be read', (worker) => { failPending(worker, new Unread('here', new Error('unread'))); }],
  ['has a response that is none', (worker, call) => { respond(worker, call, undefined as never, 0); }],
  ['could not be read in the worker', (worker) => { failPending(worker, new Unread('there', new Error('unread'))); }],
  ['has transferred its values to a worker that was never ready', (worker) => { failTransferred(worker, reason); }],
  ['was sent to the only worker, which did not start in time', (worker) => { failLateStart(worker, reason, true); }],
])('a key is not charged what was expected of a call that %s', (_what, end) => {
  const call = callOf('a', { transfer: [] });
  const { worker } = sent([call]);
  expect(servedTo(call)).toBe(EXPECTED_MS);
  end(worker, call);
  expect(call.state).toBe('settled');
  // The time since the message was sent.
  expect(servedTo(call)).toBeLessThan(EXPECTED_MS / 2);
});

it('a key is not charged for a call that a getter cancels while the call is put into a batch', () => {
  const queue = new TaskQueue<Call>(true);
  const first = callOf('cancelled');
  const second = callOf('runs', { args: [{ get value() { first.fail({ type: 'refused', reason }); return 2; } }] });
  for (const call of [first, second]) {
    for (let i = 0; i < 8; i++) call.learned.add(0.1);
    queue.push(call);
  }
  const { knowledge } = workerOf().worker;
  knowledge.declare(task);
  knowledge.add(first, true);
  expect(takeBatch(queue, { accept: undefined }, { budget: 1, size: 10, workers: 1, knowledge, mayPrefetch: false })).toEqual([second]);
  expect([servedTo(first), servedTo(second) > 0]).toEqual([0, true]);
});

it('a call of a batch that is cancelled when it is done teaches its own run time, and not that of the call that runs', () => {
  const [done, unread, running] = [callOf('a'), callOf('a'), callOf('a')];
  const { worker, results } = sent([done, unread, running], true);
  const side = new BatchResults(results.buffer);
  side.begin(worker.message.batchNumber);
  for (const place of [0, 1, 2]) expect(side.claim(place)).toBe(true);
  side.store(0, 'value', 2);
  // Longer than `agedAfter`.
  for (const end = performance.now() + 10; performance.now() < end;);
  for (const call of [done, unread, running]) worker.learnFromLost(call);
  expect(done.learned.expected).toBeCloseTo(2);
  expect(unread.learned.isKnown).toBe(false);
  expect(running.learned.expected).toBeGreaterThanOrEqual(10);
});
