import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';

import type { Pool, RunOptions } from 'offloop';

import { digest } from '../fixtures/identity/digest.js';
import { more } from '../fixtures/identity/more.js';
import { tasks } from '../fixtures/identity/tasks.js';
import { codeOf, expectIds, problemOf, show, whatBy, type Answer, type Made } from './identity-answers.ts';
import { harmless, patient, tricky, trivial, type Brought } from './identity-arguments.ts';
import { pairsOf, resultsOf, sourceOf } from './identity-map.ts';
import { enterAs, optionsFor } from './identity-options.ts';
import type { Random } from './identity-random.ts';
import { enter, looksOf, styles, type Stores } from './identity-stores.ts';

export interface Subject {
  readonly pool: Pool;
  readonly where: string;
  readonly isInline: boolean;
  readonly spareThreads: number;
}

/** The kinds of calls in a round. */
export type Sort = 'trivial' | 'restless' | 'mixed' | 'aging' | 'deadly';

/** The share of calls with an argument that cannot be cloned, or with a getter that calls or aborts. */
const trickiness = { trivial: 0.003, restless: 0.1, mixed: 0.1, aging: 0.05, deadly: 0.05 };

const short = ['texts', 'texts', 'numbers', 'plain', 'objects', 'marks', 'wide', 'stalls'];
const slow = ['long', 'bytes', 'moves', 'throws', 'rejects', 'waits', 'sleeps', 'turns', 'reports', 'calls', 'spends'];
const ending = ['exits', 'breaks', 'spins', 'hangs'];
const aging = ['ages', 'agesAndWaits'];
const mapped = [...short, 'long', 'bytes', 'waits', 'calls', 'reports'];

/** Runs where no request's store is set. */
const inRoot = AsyncLocalStorage.snapshot();

/** In ms. A call that has not settled by then counts as lost. */
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
  #isCalling = false;

  constructor(random: Random, number: number, nextNumber: () => number) {
    this.#random = random;
    this.#nextNumber = nextNumber;
    this.#style = random.pick(Object.keys(styles));
    this.#stores = styles[this.#style]!(random, number);
    // The inner call has stores of its own, since the outer call, whose getter makes it, has not read its stores yet.
    this.#otherStores = styles['all new']!(random.fork(), number);
  }

  /** Resolves when all calls have settled. */
  async play(subjects: readonly Subject[], sort: Sort): Promise<void> {
    const random = this.#random;
    const size = isShort(sort) || sort === 'aging' ? random.between(20, 600) : random.between(1, 60);
    for (let left = size; left > 0; left--) {
      const subject = random.pick(subjects);
      if (!isShort(sort) && random.chance(0.03)) this.#map(subject);
      else this.#call(subject, sort, random, this.#nextNumber());
      if (random.chance(0.01)) await turn();
    }
    await this.#settled();
    subjects.forEach(expectPlaces);
    expectIds(this.made, (made, problem) => this.#failure(made, problem));
  }

  #call(subject: Subject, sort: Sort, random: Random, n: number): void {
    const deed = deedFor(subject, sort, random);
    const isMore = random.chance(0.2) && deed in more;
    const brought = this.#bring(subject, sort, random, n, deed);
    const stores = (n % 1 === 0 ? this.#stores : this.#otherStores)(n);
    const given = isShort(sort) ? {} : optionsFor(random, n, deed, this.#aborts);
    const { signal, timeout, deadline } = given;
    const looks = given.context === 'none' ? looksOf([], isMore) : looksOf(stores, isMore);
    const whats = brought.digests.map((args) => whatBy(deed, args, looks));
    const heard: unknown[] = [];
    const made: Made = { n, where: subject.where, deed, whats, deadline, timeout, signal, fails: brought.fails, heard };
    const options: RunOptions = { ...given, ...(brought.transfer && { transfer: brought.transfer }), ...(deed === 'reports' && { onProgress: (value) => { heard.push(value); } }) };
    const run = (): Promise<unknown> => subject.pool.run((isMore ? more : tasks)[deed]!, brought.args, Object.keys(options).length > 0 ? options : undefined);
    this.#isCalling = true;
    this.#expect(made, enterAs(given.context, stores, options, run));
    this.#isCalling = false;
  }

  #bring(subject: Subject, sort: Sort, random: Random, n: number, deed: string): Brought {
    const isTricky = random.chance(trickiness[sort]) && n % 1 === 0;
    const make = random.pick(isTricky ? (sort === 'restless' ? patient : tricky) : isShort(sort) ? trivial : harmless);
    const later = random.fork();
    let hasMeddled = false;
    const brought = make(n, random, (isPatient) => {
      if (hasMeddled || (isPatient && (this.#isCalling || subject.pool.stats().workers.idle === 0))) return;
      hasMeddled = true;
      if (isPatient || later.chance(0.5)) inRoot(() => { this.#call(subject, 'trivial', later, n + 0.5); });
      else (later.pick(this.#aborts) as AbortController | undefined)?.abort(new Error(`aborted by what ${n} brought`));
    });
    if (deed !== 'exits') return brought;
    return { ...brought, args: [codeOf(n), ...brought.args] };
  }

  #map(subject: Subject): void {
    const random = this.#random;
    const deed = random.pick(mapped);
    const items = Array.from({ length: random.between(0, 40) }, () => ({ item: this.#nextNumber() }));
    const stores = this.#stores(this.#nextNumber());
    const looks = looksOf(stores, false);
    // Items have no progress listener.
    const told = deed === 'reports' ? 'texts' : deed;
    const wanted = items.map(({ item }): Made => ({ n: item, where: `${subject.where}, in a map`, deed: told, whats: [whatBy(deed, digest([{ item }]), looks)], deadline: undefined, timeout: undefined, signal: undefined, fails: undefined, heard: [] }));
    const ordered = random.chance(0.6);
    const concurrency = random.chance(0.4) ? { concurrency: random.between(1, 20) } : {};
    const results = enter(stores, () => resultsOf(subject.pool.map(tasks[deed]!, sourceOf(items, random), { ordered, ...concurrency }), random));
    this.made.push(...wanted);
    this.#await(results.then((answers) => {
      if (answers.length !== wanted.length) throw this.#failure(wanted[0]!, `${answers.length} results of ${wanted.length} items`);
      for (const [made, value] of pairsOf(wanted, answers, ordered)) this.#check(made, { value });
    }));
  }

  #expect(made: Made, result: Promise<unknown>): void {
    this.made.push(made);
    this.#await(result.then((value) => { this.#check(made, { value }); }, (error: unknown) => { this.#check(made, { error }); }));
  }

  /** Awaits the check later; until then, its failure counts as handled. */
  #await(checked: Promise<void>): void {
    checked.catch(() => undefined);
    this.#pending.push(checked);
  }

  #check(made: Made, answer: Answer): void {
    const problem = made.answer === undefined ? problemOf(made, answer) : 'it was answered twice';
    made.answer = answer;
    if (problem !== undefined) throw this.#failure(made, problem, 'error' in answer ? answer.error : undefined);
  }

  async #settled(): Promise<void> {
    let limit!: (error: Error) => void;
    const tooLate = new Promise<never>((_resolve, reject) => { limit = reject; });
    const timer = setTimeout(() => { limit(this.#failure(this.made.find(({ answer }) => answer === undefined)!, `not settled within ${LIMIT} ms`)); }, LIMIT);
    try {
      // A getter may add calls until the last call has settled.
      for (const checked of this.#pending) await Promise.race([checked, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** An error that lists the earlier calls of the same pool. */
  #failure(made: Made, problem: string, cause?: unknown): Error {
    const at = this.made.indexOf(made);
    const before = this.made.slice(0, at).filter(({ where }) => where === made.where).slice(-12);
    const history = [...before, made].map(({ n, deed, fails, whats, answer }) => `  ${n} ${deed}${fails === undefined ? '' : ` (${fails} uncloneable)`}: called as ${whats[0]}\n    answered: ${show(answer)}`);
    return new Error(`Call ${made.n} on ${made.where}: ${problem}. Stores: ${this.#style}.\n${history.join('\n')}`, { cause });
  }
}

/** No more spares than there may be; none where nothing runs. */
function expectPlaces({ pool, where, spareThreads }: Subject): void {
  const { busy, idle, max, spares } = pool.stats().workers;
  if (spares > Math.min(busy, spareThreads) || busy - spares > max || busy + idle > max + spareThreads) throw new Error(`${where} has ${busy} busy and ${idle} idle workers, and ${spares} spares.`);
}

/** Whether the calls are short, so that they share messages. */
function isShort(sort: Sort): boolean {
  return sort === 'trivial' || sort === 'restless';
}

function deedFor({ isInline, spareThreads }: Subject, sort: Sort, random: Random): string {
  if (isToAge(sort, spareThreads, random)) return random.pick(aging);
  if (sort === 'deadly' && !isInline && random.chance(0.06)) return random.pick(ending);
  if (sort === 'restless' && random.chance(0.2)) return 'stalls';
  return random.pick(isShort(sort) || random.chance(sort === 'aging' ? 0.95 : 0.5) ? short : slow);
}

function isToAge(sort: Sort, spareThreads: number, random: Random): boolean {
  if (sort === 'aging') return random.chance(0.015);
  return sort === 'deadly' && spareThreads > 0 && random.chance(0.1);
}
