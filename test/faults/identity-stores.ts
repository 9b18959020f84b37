import type { AsyncLocalStorage } from 'node:async_hooks';

import { capture } from 'offloop';

import { digest } from '../fixtures/identity/digest.js';
import { late } from '../fixtures/identity/more.js';
import { stores, Tenant } from '../fixtures/identity/stores.js';
import type { Random } from './identity-random.ts';

const all: Record<string, AsyncLocalStorage<any>> = { ...stores, late };
const names = Object.keys(all);

/** The stores of a call: the value of each store, undefined where the store is not entered. */
export type Stores = readonly unknown[];

export function enter<R>(values: Stores, fn: () => R, from = 0): R {
  while (from < names.length && values[from] === undefined) from++;
  return from === names.length ? fn() : all[names[from]!]!.run(values[from], () => enter(values, fn, from + 1));
}

/** The report of a task about its stores, written now because the values may change. `knowsLate`: the task's module has also declared the last store. */
export function looksOf(values: Stores, knowsLate: boolean): string {
  return names.slice(0, knowsLate ? undefined : -1).map((name, i) => digest(name === 'picked' ? picked(values[i]) : values[i])).join(' ');
}

function picked(value: any): unknown {
  return value && ('role' in value ? { id: value.id, role: value.role } : { id: value.id });
}

class Visitor {
  readonly socket = { write: () => undefined };
  readonly id: unknown;

  constructor(id: unknown) {
    this.id = id;
  }
}

const odd = ['', 'plain', 'caf\u00e9', '\u20ac 5', '"quoted\\"\n', '\ud800', '\u2028', '$offloop', 0, -0, NaN, 1e21, -Infinity, 12n, true, null, undefined];

/** Values for each of the stores; `tag` tells them apart. */
const makers: Record<string, (tag: string, random: Random) => unknown> = {
  flat: (tag, random) => (random.chance(0.2) ? sized(tag, random) : { tag, odd: random.pick(odd), more: random.pick(odd) }),
  nested: (tag, random) => ({ tag, user: { id: tag, tags: [tag, random.pick(odd)] }, map: new Map([[tag, new Date(random.between(0, 1e9))]]) }),
  picked: (tag, random) => Object.assign(new Visitor(random.chance(0.8) ? tag : { deep: tag }), random.chance(0.7) && { role: random.pick(odd) }),
  secret: (tag, random) => ({ token: tag, odd: random.pick(odd) }),
  coded: (tag) => new Tenant(tag),
  simple: (tag, random) => (random.chance(0.9) ? tag : random.pick(odd)),
  late: (tag) => ({ late: tag }),
};

/** A text of about 1,024 characters as JSON, the limit for kept texts, or of any length. */
function sized(tag: string, random: Random): object {
  const empty = JSON.stringify({ tag, text: '' }).length;
  return { tag, text: 'x'.repeat(Math.max(0, (random.chance(0.7) ? random.between(1018, 1030) : random.between(0, 5000)) - empty)) };
}

function make(tag: string, random: Random, share: number): unknown[] {
  return names.map((name) => (random.chance(share) ? makers[name]!(`${tag}${name[0]}`, random) : undefined));
}

const CROWD = 6000;
let crowd: object[] | undefined;

/** Objects that each have a number of their own: the second capture of an object gives it a number. */
function crowdOf(): readonly object[] {
  return (crowd ??= Array.from({ length: CROWD }, (_, i) => {
    const one = { tag: `crowd ${i}` };
    stores.flat.run(one, () => { capture(); capture(); });
    return one;
  }));
}

/** A way to choose stores for call after call. */
type Style = (random: Random, round: number) => (n: number) => Stores;

export const styles: Record<string, Style> = {
  'none': () => () => [],
  'one': (random, round) => always(make(`r${round}`, random, 0.6)),
  'few': (random, round) => {
    const few = Array.from({ length: random.between(2, 8) }, (_, i) => make(`r${round}.${i}`, random, random.pick([0.2, 0.5, 1])));
    return () => random.pick(few);
  },
  'in turn': (random, round) => {
    const few = Array.from({ length: random.between(2, 5) }, (_, i) => make(`r${round}.${i}`, random, 0.5));
    return (n) => few[Math.floor(n) % few.length]!;
  },
  'all new': (random) => (n) => make(`n${n}`, random, 0.4),
  // Equal texts in different objects.
  'twins': (_random, round) => (n) => [{ tag: `r${round}.${n % 3}` }, { tag: `r${round}` }, undefined, undefined, new Tenant(`r${round}`)],
  // The same objects, with other content at each call.
  'changing': (random, round) => {
    const [flat, nested, one] = [{ tag: '', n: 0 }, { user: { n: 0 } }, new Visitor('')] as [any, any, any];
    return (n) => {
      if (random.chance(0.6)) Object.assign(flat, { tag: `r${round}`, n: random.chance(0.5) ? n : 0, [random.pick(['a', 'b'])]: random.pick(odd) });
      if (random.chance(0.5)) nested.user.n = n;
      one.id = n;
      return [flat, nested, one];
    };
  },
  'crowd': (random) => () => [random.pick(crowdOf())],
  // Two objects that share one entry in a cache of 4,096, and others beside them.
  'colliding': (random, round) => {
    const [first, rest] = [random.between(0, CROWD - 4097), make(`r${round}`, random, 0.3).slice(1)];
    return () => [crowdOf()[random.chance(0.9) ? first + 4096 * random.between(0, 1) : random.between(0, CROWD - 1)], ...rest];
  },
};

function always(values: Stores): () => Stores {
  return () => values;
}
