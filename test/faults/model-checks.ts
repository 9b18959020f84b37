import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';

import { expect } from 'vitest';

import { acts, meets } from '../fixtures/acts.js';
import { mostRunning, sharedNumber } from '../fixtures/running.js';
import { expectCapacity } from '../pool/helpers.ts';
import { codeOf, isLate, isRefused, type Answer, type Asked } from './model-answers.ts';
import { answerOf, LIMIT, within, type Subject } from './model-subject.ts';

/*
 * The conditions that hold when all calls of a sequence have settled.
 */

export interface MadeCall extends Asked {
  /** The hold on all workers at the moment of the call. */
  readonly madeUnder: object | undefined;
  readonly seen: unknown[];
  answer?: Answer;
  answeredUnder?: object | undefined;
  heardTooLate?: true;
}

/** All workers exist, and no call is left over. */
export async function expectWhole(subject: Subject): Promise<void> {
  const { pool, options: { runtime, idleTimeout } } = subject;
  await untilIdle(pool);
  const { max } = pool.stats().workers;
  if (runtime === 'threads') {
    const cells = new Int32Array(new SharedArrayBuffer(4));
    const met = await within(Promise.all(Array.from({ length: max }, () => pool.run(meets, [cells, max]))), 'as many tasks as there are workers');
    expect(met).toEqual(met.map(() => true));
  } else await within(expectCapacity(pool, max), 'as many tasks as there are workers');
  await untilIdle(pool);
  const { queue, workers: { busy, idle, started, crashed, replaced } } = pool.stats();
  expect({ waiting: queue.waiting, busy }).toEqual({ waiting: 0, busy: 0 });
  // Workers that were ended because they were idle for too long are not counted.
  if (idleTimeout === 60_000) expect({ started, crashed, replaced, idle }).toMatchObject({ started: crashed + replaced + idle });
  expectPlaces(subject);
}

/** No more workers than there are places, and all spares are free again when nothing runs. */
export function expectPlaces({ pool, options: { maxThreads = NaN, spareThreads = 0 } }: Subject): void {
  const { busy, idle, spares, lowered } = pool.stats().workers;
  expect(spares, 'as many spares as there are workers beyond maxThreads').toBeLessThanOrEqual(Math.min(spareThreads, busy));
  expect(busy - spares).toBeLessThanOrEqual(maxThreads);
  expect(busy + idle).toBeLessThanOrEqual(maxThreads + spareThreads);
  if (busy === 0) expect({ spares, lowered }).toEqual({ spares: 0, lowered: expect.toBeOneOf(Array.from({ length: spareThreads + 1 }, (_, i) => i)) });
  expect(mostRunning()).toBeLessThanOrEqual(maxThreads + spareThreads);
  expect(sharedNumber(), 'two workers had the same number at a time').toBe(0);
}

/** A cancelled task may take some time to stop. */
async function untilIdle(pool: Subject['pool']): Promise<void> {
  for (const end = performance.now() + LIMIT; pool.stats().workers.busy > 0 && performance.now() < end;) await turn();
}

export async function expectClosed({ pool, log }: Subject): Promise<void> {
  expect(pool.stats()).toMatchObject({ state: 'closed', queue: { waiting: 0 }, workers: { busy: 0, idle: 0, spares: 0, lowered: 0 } });
  const late = await answerOf(pool.run(acts, [0, log, 'returns a number']));
  expect('error' in late && codeOf(late.error)).toBe('OFFLOOP_POOL_CLOSED');
}

/** No call is started twice; no call that was cancelled while it waited is started; a call with the task's value was started. */
export function expectStarts(starts: ReadonlyMap<number, number>, calls: readonly MadeCall[], items: readonly { readonly id: number }[]): void {
  for (const call of calls) {
    const times = starts.get(call.id) ?? 0;
    const allowed = neverStarts(call) ? [0] : 'value' in call.answer! ? [1] : [0, 1];
    if (!allowed.includes(times)) throw unexpected({ call, times, allowed });
    expectProgress(call);
  }
  for (const { id } of items) expect(starts.get(id) ?? 0).toBeLessThanOrEqual(items.filter((item) => item.id === id).length);
}

function neverStarts(call: MadeCall): boolean {
  const hasOnlyWaited = call.madeUnder !== undefined && call.answeredUnder === call.madeUnder;
  return hasOnlyWaited || isRefused(call, call.answer!) || isLate(call.answer!, 'never started') || call.deed === 'takes what cannot be cloned';
}

function expectProgress({ deed, id, seen, answer, heardTooLate }: MadeCall): void {
  const all = deed === 'reports progress' ? [{ id, part: 1 }, { id, part: 2 }] : [];
  expect(heardTooLate).toBe(undefined);
  expect(seen).toEqual('value' in answer! ? all : all.slice(0, seen.length));
}

/** The statistics count each accepted call once. */
export function expectFigures(subject: Subject, calls: readonly MadeCall[]): void {
  for (const { answer } of calls.filter((call) => !isRefused(call, call.answer!))) {
    subject.counted++;
    if ('error' in answer!) subject.failed++;
  }
  const { acts: light, 'acts heavily': heavy } = subject.pool.stats().tasks;
  const [count, failed] = [(light?.count ?? 0) + (heavy?.count ?? 0), (light?.failed ?? 0) + (heavy?.failed ?? 0)];
  expect({ count, failed }).toEqual({ count: subject.counted, failed: subject.failed });
}

export function unexpected(facts: object): Error {
  return new Error(`Not what the model allows: ${inspect(facts, { depth: 4, maxStringLength: 200 })}`);
}
