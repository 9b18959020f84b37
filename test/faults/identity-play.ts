import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn, setTimeout as after } from 'node:timers/promises';
import { inspect } from 'node:util';

import { capture, type Pool, type RunOptions } from 'offloop';

import { digest } from '../fixtures/identity/digest.js';
import { more } from '../fixtures/identity/more.js';
import { tasks } from '../fixtures/identity/tasks.js';
import { codeOf, problemOf, type Answer, type Made } from './identity-answers.ts';
import { harmless, tricky, trivial, type Brought } from './identity-arguments.ts';
import type { Random } from './identity-random.ts';
import { enter, looksOf, styles, type Stores } from './identity-stores.ts';

export interface Subject {
  readonly pool: Pool;
  readonly where: string;
  readonly isInline: boolean;
}

/** What sort of calls a round is made of. */
export type Sort = 'trivial' | 'mixed' | 'deadly';

/** How many of the calls bring something that cannot be cloned, or a getter that does more than to answer. */
const trickiness = { trivial: 0.003, mixed: 0.1, deadly: 0.05 };

const short = ['texts', 'texts', 'numbers', 'plain', 'objects', 'marks', 'wide'];
const slow = ['long', 'bytes', 'moves', 'throws', 'rejects', 'waits', 'sleeps', 'turns', 'reports', 'calls', 'spends'];
const ending = ['exits', 'breaks', 'spins', 'hangs'];
const mapped = [...short, 'long', 'bytes', 'waits', 'calls', 'reports'];

/** Where no request's store is set. */
const inRoot = AsyncLocalStorage.snapshot();

/** In ms. What has not settled by then is taken for lost. */
const LIMIT = 20_000;

/** Calls that are made together, and awaited together. */
export class Round {
  readonly made: Made[] = [];
  readonly #pending: Promise<void>[] = [];
  readonly #aborts: AbortController[] = [];
  readonly #random: Random;
  readonly #nextNumber: () => number;
  readonly #stores: (n: number) => Stores;
  readonly #otherStores: (n: number) => Stores;
  readonly #style: string;

  constructor(random: Random, number: number, nextNumber: () => number) {
    this.#random = random;
    this.#nextNumber = nextNumber;
    this.#style = random.pick(Object.keys(styles));
    this.#stores = styles[this.#style]!(random, number);
    // Its own, since the call whose getter calls this one has not read its stores yet.
    this.#otherStores = styles['all new']!(random.fork(), number);
  }

  /** Until all of it is answered. */
  async play(subjects: readonly Subject[], sort: Sort): Promise<void> {
    const random = this.#random;
    const size = sort === 'trivial' ? random.between(20, 600) : random.between(1, 60);
    for (let left = size; left > 0; left--) {
      const subject = random.pick(subjects);
      if (sort !== 'trivial' && random.chance(0.03)) this.#map(subject);
      else this.#call(subject, sort, random, this.#nextNumber());
      if (random.chance(0.01)) await turn();
    }
    for (let i = 0; i < this.#pending.length; i++) await this.#within(this.#pending[i]!);
    expectIds(this.made, (made, problem) => this.#failure(made, problem));
  }

  #call(subject: Subject, sort: Sort, random: Random, n: number): void {
    const deed = sort === 'deadly' && !subject.isInline && random.chance(0.06) ? random.pick(ending) : random.pick(sort === 'trivial' || random.chance(0.5) ? short : slow);
    const isMore = random.chance(0.2) && deed in more;
    const brought = this.#bring(subject, sort, random, n, deed);
    const stores = (n % 1 === 0 ? this.#stores : this.#otherStores)(n);
    const given = sort === 'trivial' ? {} : this.#options(random, n, deed);
    const { signal, timeout, deadline, onProgress } = given;
    const looks = given.context === 'none' ? looksOf([], isMore) : looksOf(stores, isMore);
    const whats = brought.digests.map((args) => whatBy(deed, args, looks));
    const heard: unknown[] = [];
    const made: Made = { n, where: subject.where, deed, whats, deadline, timeout, signal, fails: brought.fails, heard };
    const options: RunOptions = { ...given, ...(brought.transfer && { transfer: brought.transfer }), ...((onProgress ?? deed === 'reports') && { onProgress: (value) => { heard.push(value); } }) };
    const run = (): Promise<unknown> => subject.pool.run((isMore ? more : tasks)[deed]!, brought.args, Object.keys(options).length > 0 ? options : undefined);
    this.#expect(made, enterAs(given.context, stores, options, run));
  }

  #bring(subject: Subject, sort: Sort, random: Random, n: number, deed: string): Brought {
    const make = random.pick(random.chance(trickiness[sort]) && n % 1 === 0 ? tricky : sort === 'trivial' ? trivial : harmless);
    const later = random.fork();
    let hasMeddled = false;
    const brought = make(n, random, () => {
      if (hasMeddled) return;
      hasMeddled = true;
      if (later.chance(0.5)) inRoot(() => { this.#call(subject, 'trivial', later, n + 0.5); });
      else later.pick(this.#aborts)?.abort(new Error(`aborted by what ${n} brought`));
    });
    if (deed !== 'exits') return brought;
    return { ...brought, args: [codeOf(n), ...brought.args] };
  }

  #options(random: Random, n: number, deed: string): RunOptions {
    const isEndless = deed === 'spins' || deed === 'hangs';
    const options: RunOptions = {};
    if (random.chance(isEndless ? 0.4 : 0.08)) options.signal = this.#signal(random, n);
    if (random.chance(0.05)) options.deadline = Date.now() + (random.chance(0.3) ? random.between(0, 10) : 60_000 + 10_000 * random.between(0, 100));
    if (random.chance(0.05) || (isEndless && options.signal === undefined)) options.timeout = random.between(1, 15);
    if (random.chance(0.1)) options.priority = random.between(-1, 1);
    if (random.chance(0.03)) options.context = 'none';
    if (random.chance(0.03)) options.context = capture();
    return options;
  }

  #signal(random: Random, n: number): AbortSignal {
    const controller = new AbortController();
    this.#aborts.push(controller);
    const abort = (): void => { controller.abort(new Error(`abort of ${n}`)); };
    const when = random.between(-3, 10);
    if (when === -3) abort();
    if (when === -2) queueMicrotask(abort);
    if (when === -1) setImmediate(abort);
    if (when >= 0) setTimeout(abort, when);
    return controller.signal;
  }

  #map(subject: Subject): void {
    const random = this.#random;
    const deed = random.pick(mapped);
    const items = Array.from({ length: random.between(0, 40) }, () => ({ item: this.#nextNumber() }));
    const stores = this.#otherStores(this.#nextNumber());
    const looks = looksOf(stores, false);
    const wanted = items.map(({ item }): Made => ({ n: item, where: `${subject.where}, in a map`, deed, whats: [whatBy(deed, digest([{ item }]), looks)], deadline: undefined, timeout: undefined, signal: undefined, fails: undefined, heard: [] }));
    const ordered = random.chance(0.6);
    const concurrency = random.chance(0.4) ? { concurrency: random.between(1, 20) } : {};
    const source = random.pick([items, new Set(items), values(items), laterValues(items)]);
    const results = enter(stores, () => {
      const result = subject.pool.map(tasks[deed]! as any, source, { ordered, ...concurrency });
      return random.chance(0.5) ? result.toArray() : collect(result);
    });
    this.made.push(...wanted);
    this.#await(results.then((answers) => { this.#mapped(wanted, answers, ordered); }));
  }

  #mapped(wanted: readonly Made[], answers: readonly unknown[], ordered: boolean): void {
    const left = [...wanted];
    for (const value of answers) {
      const at = ordered ? 0 : left.findIndex((made) => problemOf(made.deed === 'reports' ? { ...made, deed: 'texts' } : made, { value }) === undefined);
      const [made] = left.splice(Math.max(0, at), 1);
      if (made === undefined) throw this.#failure(wanted[0]!, `${answers.length} results of ${wanted.length} items`);
      this.#check(made.deed === 'reports' ? Object.assign(made, { deed: 'texts' }) : made, { value });
    }
    if (left.length > 0) throw this.#failure(left[0]!, 'a map has lost it');
  }

  #expect(made: Made, result: Promise<unknown>): void {
    this.made.push(made);
    this.#await(result.then((value) => { this.#check(made, { value }); }, (error: unknown) => { this.#check(made, { error }); }));
  }

  /** In its turn: until then its failure is nobody's. */
  #await(checked: Promise<void>): void {
    checked.catch(() => undefined);
    this.#pending.push(checked);
  }

  #check(made: Made, answer: Answer): void {
    const problem = made.answer === undefined ? problemOf(made, answer) : 'it was answered twice';
    made.answer = 'error' in answer ? `failed: ${String(answer.error?.message ?? answer.error)}` : 'value' in answer ? inspect(answer.value, { breakLength: Infinity, maxStringLength: 300 }) : '';
    if (problem !== undefined) throw this.#failure(made, problem, 'error' in answer ? answer.error : undefined);
  }

  async #within(done: Promise<void>): Promise<void> {
    const timer = new AbortController();
    const limit = after(LIMIT, undefined, { signal: timer.signal }).then(() => {
      throw this.#failure(this.made.find(({ answer }) => answer === undefined)!, `not settled within ${LIMIT} ms`);
    });
    limit.catch(() => undefined);
    await Promise.race([done, limit]).finally(() => { timer.abort(); });
  }

  /** With what came before it at the same pool. */
  #failure(made: Made, problem: string, cause?: unknown): Error {
    const at = this.made.indexOf(made);
    const before = this.made.slice(0, at).filter(({ where }) => where === made.where).slice(-12);
    const history = [...before, made].map(({ n, deed, fails, whats, answer }) => `  ${n} ${deed}${fails === undefined ? '' : ` (${fails} uncloneable)`}: called as ${whats[0]}\n    answered: ${answer ?? 'not yet'}`);
    return new Error(`Call ${made.n} on ${made.where}: ${problem}. Stores: ${this.#style}.\n${history.join('\n')}`, { cause });
  }
}

/** What such a task says of itself. */
function whatBy(deed: string, args: string, looks: string): string {
  // It is another one that it calls.
  return `${deed === 'calls' ? 'texts' : deed} ${args} ${looks}`;
}

/** Each task of a pool has an id of its own, in the order of the calls. */
function expectIds(made: readonly Made[], failure: (made: Made, problem: string) => Error): void {
  const ids = new Map<string, number>();
  for (const one of made) {
    if (one.id === undefined || one.n % 1 !== 0 || one.where.includes('map')) continue;
    if (one.id <= (ids.get(one.where) ?? 0)) throw failure(one, `its id is ${one.id}, after ${ids.get(one.where)}`);
    ids.set(one.where, one.id);
  }
}

function enterAs(context: RunOptions['context'], stores: Stores, options: RunOptions, run: () => Promise<unknown>): Promise<unknown> {
  if (typeof context !== 'object') return enter(stores, run);
  // Captured at another place than where it calls.
  options.context = enter(stores, capture);
  return run();
}

function* values<T>(items: readonly T[]): Generator<T> {
  yield* items;
}

async function* laterValues<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const [i, item] of items.entries()) {
    if (i % 5 === 0) await turn();
    yield item;
  }
}

async function collect(results: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const result of results) all.push(result);
  return all;
}
