import { digest } from '../fixtures/identity/digest.js';
import type { Random } from './identity-random.ts';

/** The arguments of a call, and their expected reports. */
export interface Brought {
  readonly args: unknown[];
  /** The reports that the task may give about the arguments; several where a getter changes its value. */
  readonly digests: readonly string[];
  readonly transfer?: ArrayBuffer[];
  /** The arguments cannot be cloned, always or sometimes. */
  readonly fails?: 'always' | 'maybe';
}

/** The action of a getter when it is read: at once, or when a worker is free to take the getter's calls. */
type Meddle = (isPatient: boolean) => void;

const shared = Array.from({ length: 5 }, (_, i) => ({ shared: i, list: [i, { deep: i }] }));

type Maker = (n: number, random: Random, meddle: Meddle) => Brought;

const simply = (...args: unknown[]): Brought => ({ args, digests: [digest(args)] });

export const trivial: Maker[] = [
  (n) => simply(n),
  (n) => simply(n, 'text', -n),
  (n) => simply(`n${n}`),
  // Sometimes an object that other calls have, too: each call must have its own copy.
  (n, random) => simply(n, random.chance(0.1) ? random.pick(shared) : { n, list: [n, 'x'] }),
  () => simply(),
];

export const harmless: Maker[] = [
  ...trivial,
  (n, random) => simply(n, random.pick(shared)),
  (n, random) => { const one = random.pick(shared); return simply(one, one, n, { one }); },
  (n) => simply({ n, bytes: Buffer.from(`n${n}`) }, Buffer.from(`n${n}`)),
  (n) => simply(n, new Map([[n, new Set([`n${n}`, -0])]]), new Date(n), new Uint16Array([n, 2]), [undefined, null, 3n]),
  (n, random) => simply(n, 'y'.repeat(random.between(1000, 60_000))),
  (n, random) => simply(Array.from({ length: random.between(5, 30) }, (_, i) => n + i)),
  (n, random) => simply(...Array.from({ length: random.between(5, 30) }, (_, i) => n + i)),
  (n) => {
    const buffer = new Uint32Array([n, n + 1]).buffer;
    return { ...simply(n, buffer), transfer: [buffer] };
  },
];

/** Arguments that are read more than once, and may return another value each time. */
export const tricky: Maker[] = [
  (n) => ({ ...simply(n, () => n), fails: 'always' }),
  (n) => ({ ...simply(n, { deep: [{ format: () => n }] }), fails: 'always' }),
  (n) => ({ ...simply(n, Symbol('n')), fails: 'always' }),
  (n) => ({ args: [n, new Proxy({ n }, {})], digests: [], fails: 'always' }),
  (n) => ({ args: [n, { get value() { throw new RangeError(`read of ${n}`); } }], digests: [], fails: 'always' }),
  (n, random) => atRead(n, random, () => { throw new RangeError(`read of ${n}`); }),
  (n, random) => atRead(n, random, () => () => n),
  // The getter calls, or aborts, while the pool is about to send the getter's own message.
  (n, random, meddle) => atRead(n, random, () => { meddle(false); return n; }),
  (n, random, meddle) => atRead(n, random, () => { meddle(false); throw new RangeError(`read of ${n}`); }),
  (n) => changing(n),
];

/** The getter calls the pool while a message is built and a worker is free. */
export const patient: Maker[] = [
  (n, _random, meddle) => ({ args: [n, { get value() { meddle(true); return n; } }], digests: [digest([n, { value: n }])] }),
];

/** The getter returns `n`, and performs the action at one of its first reads. */
function atRead(n: number, random: Random, act: () => unknown): Brought {
  const when = random.between(1, 5);
  let reads = 0;
  return { args: [n, { get value() { return ++reads === when ? act() : n; } }], digests: [digest([n, { value: n }])], fails: 'maybe' };
}

/** The getter returns another value at each read. */
function changing(n: number): Brought {
  const digests = Array.from({ length: 200 }, (_, i) => digest([n, { value: i }]));
  let reads = 0;
  return { args: [n, { get value() { return reads++; } }], digests };
}
