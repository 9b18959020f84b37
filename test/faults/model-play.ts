import { setImmediate as turn, setTimeout as after } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import type { RunOptions } from 'offloop';
import { expect } from 'vitest';

import { acts, actsHeavily, actsOn, asCaller, type Deed } from '../fixtures/acts.js';
import { blocksAt, waitsAt } from '../fixtures/gates.js';
import { isAnswered, willCall } from '../fixtures/running.js';
import { gate, observed } from '../pool/helpers.ts';
import { codeOf, isAllowed, isOwnError, valueOf, type Answer, type Around } from './model-answers.ts';
import { expectClosed, expectFigures, expectPlaces, expectStarts, expectWhole, unexpected, type MadeCall } from './model-checks.ts';
import type { AbortAt, BurstStep, CallStep, MapStep, Step } from './model-steps.ts';
import { answerOf, within, type Subject } from './model-subject.ts';

/** Performs the steps, and asserts that the model allows each response. Leaves an open pool as it was. */
export async function play(subject: Subject, steps: readonly Step[]): Promise<void> {
  const sequence = new Sequence(subject);
  for (const step of steps) await sequence.take(step);
  await sequence.end();
}

let lastId = 0;

class Sequence {
  readonly #subject: Subject;
  readonly #calls: MadeCall[] = [];
  readonly #items: { readonly id: number }[] = [];
  readonly #pending = new Map<Promise<unknown>, string>();
  readonly #closing: Promise<void>[] = [];
  #isCutOff = false;
  #hold: { open(): void } | undefined;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  async take(step: Step): Promise<void> {
    if (step.step === 'call') this.#call(step);
    if (step.step === 'burst') this.#burst(step);
    if (step.step === 'map') this.#map(step);
    if (step.step === 'hold') await this.#holdAll(step.blocks);
    if (step.step === 'release') this.#release();
    if (step.step === 'ready') this.#ready();
    if (step.step === 'pause') await (step.ms === 0 ? turn() : after(step.ms));
    if (step.step === 'settle') await this.#settle();
    if (step.step === 'close') this.#close(step);
  }

  async end(): Promise<void> {
    await this.#settle();
    if (this.#isClosed) {
      await within(Promise.all(this.#closing), 'close()');
      await expectClosed(this.#subject);
    } else await expectWhole(this.#subject);
    expectStarts(this.#subject.starts(), this.#calls, this.#items);
    expectFigures(this.#subject, this.#calls);
  }

  get #isClosed(): boolean {
    return this.#closing.length > 0;
  }

  get #around(): Around {
    return { isCutOff: this.#isCutOff, hasSmallQueue: this.#subject.options.maxQueue !== undefined };
  }

  #call({ deed, abort, timeout, deadline, priority, kind }: CallStep): void {
    this.#run(deed, kind, { ...(timeout !== undefined && { timeout }), ...(priority !== undefined && { priority }), ...(deadline !== undefined && { deadline: Date.now() + deadline }) }, this.#signal(abort));
  }

  #burst({ count, culprit, abort }: BurstStep): void {
    const signal = this.#signal(abort);
    for (let i = 0; i < count; i++) this.#run(i === count >> 1 ? culprit : 'returns a number', undefined, {}, signal);
  }

  #run(deed: Deed, kind: CallStep['kind'], options: RunOptions, signal: AbortSignal | undefined): void {
    const id = ++lastId;
    const { pool, log, options: { spareThreads = 0 } } = this.#subject;
    const { timeout, deadline } = options;
    const when = { isClosed: this.#isClosed, isAborted: signal?.aborted === true, isTooLate: deadline !== undefined && deadline <= Date.now() };
    const call: MadeCall = { id, deed, signal, timeout, deadline, when, madeUnder: spareThreads === 0 ? this.#hold : undefined, seen: [] };
    const onProgress = (value: unknown): void => {
      call.seen.push(value);
      if (call.answer !== undefined) call.heardTooLate = true;
    };
    const taken = deed === 'takes what cannot be cloned' ? () => id : kind === 'of more arguments' ? 'x'.repeat(5000) : undefined;
    const args: Parameters<typeof acts> = taken === undefined ? [id, log, deed] : [id, log, deed, taken];
    // A call without options takes another path in the pool.
    const given = signal === undefined && Object.keys(options).length === 0 && deed !== 'reports progress' ? undefined : { ...options, onProgress, ...(signal && { signal }) };
    this.#calls.push(call);
    willCall(id);
    this.#expect(`${id} ${deed}`, asCaller(id, () => pool.run(kind === 'of a heavy task' ? actsHeavily : acts, args, given)), (answer) => {
      isAnswered(id);
      call.answer = answer;
      call.answeredUnder = this.#hold;
      if (!isAllowed(call, answer, this.#around)) throw unexpected({ call, answer });
      expectPlaces(this.#subject);
    });
  }

  #map({ deeds, ordered = true, concurrency, abort, take = Infinity }: MapStep): void {
    const signal = this.#signal(abort);
    const wasClosed = this.#isClosed;
    const { pool, log } = this.#subject;
    // All items have the context of the single call of `map`.
    const id = ++lastId;
    const items = deeds.map((deed) => ({ id, log, deed: deed === 'takes what cannot be cloned' ? 'throws' as const : deed }));
    this.#items.push(...items);
    const results: unknown[] = [];
    const run = async (): Promise<void> => {
      for await (const value of pool.map(actsOn, items, { ordered, ...(concurrency !== undefined && { concurrency }), ...(signal && { signal }) })) if (results.push(value) >= take) break;
    };
    this.#expect(`map ${id}`, asCaller(id, run), (answer) => {
      const values = items.map(({ deed }) => valueOf(deed, id)?.value);
      const wanted = ordered ? values.slice(0, results.length) : results.filter((result) => values.some((value) => isDeepStrictEqual(value, result)));
      expect(results).toEqual(wanted);
      if ('value' in answer) expect(results).toHaveLength(Math.min(take, items.length));
      else if (!this.#mayEnd(items, answer.error, signal, wasClosed)) throw unexpected({ map: id, items, answer, signal });
    });
  }

  #mayEnd(items: readonly { readonly id: number; readonly deed: Deed }[], error: unknown, signal: AbortSignal | undefined, wasClosed: boolean): boolean {
    if (signal?.aborted === true && error === signal.reason) return true;
    // Items that a map has not pulled yet are called after `close()`.
    return codeOf(error) === 'OFFLOOP_POOL_CLOSED' ? wasClosed || this.#isClosed : items.some(({ deed, id }) => isOwnError(deed, id, error));
  }

  async #holdAll(blocks: boolean): Promise<void> {
    if (this.#hold !== undefined || this.#isClosed) return;
    const { pool } = this.#subject;
    const { path, open } = gate();
    const started = Array.from({ length: pool.stats().workers.max }, (_, i) => {
      const observer = observed({ priority: 10 });
      const done = pool.run(blocks ? blocksAt : waitsAt, [path, i], observer.options);
      let isRefused = false;
      this.#expect(`hold ${i}`, done, (answer) => {
        isRefused = !('value' in answer);
        expect('error' in answer ? codeOf(answer.error) : answer.value).toBeOneOf([i, ...(this.#isCutOff ? ['OFFLOOP_POOL_CLOSED'] : []), ...(this.#around.hasSmallQueue ? ['OFFLOOP_QUEUE_FULL'] : [])]);
      });
      return Promise.race([observer.started, done.catch(() => {})]).then(() => !isRefused);
    });
    const areAllHeld = (await within(Promise.all(started), 'the start of the tasks that hold all workers')).every(Boolean);
    if (areAllHeld) this.#hold = { open };
    else open();
  }

  #release(): void {
    this.#hold?.open();
    this.#hold = undefined;
  }

  #ready(): void {
    const wasClosed = this.#isClosed;
    this.#expect('ready()', this.#subject.pool.ready(), (answer) => {
      if ('error' in answer) expect({ code: codeOf(answer.error), isClosed: this.#isClosed }).toEqual({ code: 'OFFLOOP_POOL_CLOSED', isClosed: true });
      else expect(wasClosed).toBe(false);
    });
  }

  #close({ drain, timeout }: { readonly drain?: boolean | undefined; readonly timeout?: number | undefined }): void {
    if (drain === false || timeout !== undefined) this.#isCutOff = true;
    this.#closing.push(this.#subject.pool.close({ ...(drain !== undefined && { drain }), ...(timeout !== undefined && { timeout }) }));
  }

  /** Checks a result later: `settle` awaits the check. */
  #expect(what: string, promise: Promise<unknown>, check: (answer: Answer) => void): void {
    const checked = answerOf(promise).then(check);
    // A failed check is reported when the sequence awaits it.
    checked.catch(() => {});
    this.#pending.set(checked, what);
    void checked.then(() => this.#pending.delete(checked), () => {});
  }

  async #settle(): Promise<void> {
    this.#release();
    await within(Promise.all(this.#pending.keys()), () => [...this.#pending.values()].join(', '));
  }

  #signal(at: AbortAt | undefined): AbortSignal | undefined {
    if (at === undefined) return undefined;
    const controller = new AbortController();
    const abort = (): void => controller.abort({ reason: 'of its own' });
    if (at === 'before') abort();
    else this.#expect('abort', (typeof at === 'number' ? after(at) : at === 'next turn' ? turn() : Promise.resolve()).then(abort), () => {});
    return controller.signal;
  }
}
