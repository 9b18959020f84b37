import fc from 'fast-check';
import { capture, ContextError, ContextTooLargeError, createPool, restore, withDeadline, type Carrier } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { findings, findInTask, maxBytes, stores } from '../fixtures/context/attacked-stores.js';

/** A carrier of `capture()`, as it comes out of a message. */
const real = (): any => JSON.parse(JSON.stringify(
  stores.plain.run({ id: 1, map: new Map([['a', 1n]]), none: undefined }, () =>
    stores.picked.run({ a: 'x', b: [1], c: () => undefined }, () =>
      stores.coded.run({ list: ['1', '2'] }, () =>
        stores.checked.run({ id: 1, tags: ['t'] }, () =>
          stores.secret.run({ token: 's' }, () => withDeadline(1e9, () => capture())))))),
));

const refuses = (): never => { throw new RangeError('from the attacker'); };

/** A proxy that throws in one of its traps. */
const trapped = fc.constantFrom('get', 'ownKeys', 'getOwnPropertyDescriptor', 'has', 'getPrototypeOf').map((trap) => (value: object) => new Proxy(value, { [trap]: refuses }));

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const hostileKey = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'then', 'toJSON', 'hasOwnProperty', '$offloop', '');

/** Any value, in place of a part of the carrier. Each value is made anew, since a proxy may be revoked only once. */
const junk: fc.Arbitrary<() => unknown> = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSet: true, withTypedArray: true }).map((value) => () => value),
  fc.constantFrom(undefined, null, NaN, -0, -1, Infinity, 1e308, 2 ** 53, 1n, Symbol('s'), '', '1', [], {}, () => 1, Promise.resolve({}), /x/u).map((value) => () => value),
  fc.constant(revoked),
  fc.constant(() => ({ valueOf: refuses, toString: refuses, [Symbol.toPrimitive]: refuses })),
  trapped.map((trap) => () => trap({ plain: '1' })),
);

const tagged = fc.record({ $offloop: fc.constantFrom('undefined', 'number', 'bigint', 'date', 'map', 'set', 'null-prototype', 'no such type', '__proto__', 1, null, {}, []), value: fc.jsonValue() });

/** Text that `capture()` may not have written. */
const text: fc.Arbitrary<string> = fc.oneof(
  fc.json(),
  fc.string(),
  fc.array(fc.oneof(tagged, fc.jsonValue()), { maxLength: 3 }).map((items) => JSON.stringify(items)),
  tagged.map((value) => JSON.stringify({ id: 1, a: value })),
  fc.tuple(hostileKey, fc.json()).map(([key, value]) => `{${JSON.stringify(key)}:${value},"x":{${JSON.stringify(key)}:{"polluted":true}}}`),
  fc.tuple(hostileKey, hostileKey).map(([key, inner]) => `{"$offloop":"null-prototype","value":{${JSON.stringify(key)}:{${JSON.stringify(inner)}:{"polluted":true}}}}`),
  fc.constantFrom('[', '{"$offloop":"set","value":[').map((open) => open.repeat(10)),
  fc.nat(3 * maxBytes).map((length) => JSON.stringify('é'.repeat(length))),
  fc.constant(`"${'x'.repeat(2 ** 22)}"`),
  fc.nat(maxBytes).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.nat(20).map((depth) => '{"$offloop":"set","value":['.repeat(depth) + ']}'.repeat(depth)),
);

/** An edit of one text: cut, doubled, or with something put into it. */
const edit: fc.Arbitrary<(written: string) => string> = fc.oneof(
  fc.nat(200).map((at) => (written: string) => written.slice(0, at % (written.length + 1))),
  fc.nat(200).map((at) => (written: string) => written.slice(at % (written.length + 1))),
  fc.constant((written: string) => written + written),
  fc.tuple(fc.nat(200), fc.constantFrom('"', '{', '}', ',', '\\', '\0', '$offloop', '9'.repeat(400))).map(([at, put]) => (written: string) => {
    const place = at % (written.length + 1);
    return written.slice(0, place) + put + written.slice(place);
  }),
  text.map((replaced) => () => replaced),
);

type Attack = (carrier: any) => unknown;

const name = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...Object.keys(stores)) }, { weight: 1, arbitrary: hostileKey }, { weight: 1, arbitrary: fc.string() });
const part = fc.constantFrom('version', 'stores', 'deadline');

function put(object: object, key: string, property: PropertyDescriptor): void {
  Object.defineProperty(object, key, { enumerable: true, configurable: true, ...property });
}

/** Edits a part of a carrier, or leaves the value unchanged where an earlier edit has replaced the carrier. */
const inStores = (act: (texts: any) => void): Attack => (carrier) => {
  try {
    act(carrier.stores);
  } catch { /* The value is no object, or it throws. */ }
  return carrier;
};
const atTop = (act: (carrier: any) => void): Attack => (carrier) => {
  try {
    act(carrier);
  } catch { /* The carrier is no object, or it throws. */ }
  return carrier;
};

const attack: fc.Arbitrary<Attack> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(name, edit).map(([key, change]) => inStores((texts) => { if (typeof texts[key] === 'string') texts[key] = change(texts[key]); })) },
  { weight: 3, arbitrary: fc.tuple(name, text).map(([key, value]) => inStores((texts) => { put(texts, key, { value, writable: true }); })) },
  { weight: 1, arbitrary: fc.tuple(name, junk).map(([key, make]) => inStores((texts) => { put(texts, key, { value: make(), writable: true }); })) },
  { weight: 2, arbitrary: name.map((key) => inStores((texts) => { Reflect.deleteProperty(texts, key); })) },
  { weight: 1, arbitrary: fc.tuple(name, name).map(([from, to]) => inStores((texts) => { put(texts, to, { value: texts[from], writable: true }); })) },
  { weight: 1, arbitrary: name.map((key) => inStores((texts) => { put(texts, key, { get: refuses }); })) },
  { weight: 1, arbitrary: fc.tuple(name, text, junk).map(([key, once, make]) => inStores((texts) => {
    let reads = 0;
    put(texts, key, { get: () => (reads++ === 0 ? once : make()) });
  })) },
  { weight: 1, arbitrary: fc.tuple(part, junk).map(([key, make]) => atTop((carrier) => { put(carrier, key, { value: make(), writable: true }); })) },
  { weight: 1, arbitrary: part.map((key) => atTop((carrier) => { Reflect.deleteProperty(carrier, key); })) },
  { weight: 1, arbitrary: part.map((key) => atTop((carrier) => { put(carrier, key, { get: refuses }); })) },
  { weight: 1, arbitrary: fc.tuple(part, junk).map(([key, make]) => atTop((carrier) => {
    let reads = 0;
    const first = carrier[key];
    put(carrier, key, { get: () => (reads++ === 0 ? first : make()) });
  })) },
  { weight: 1, arbitrary: fc.tuple(fc.oneof(hostileKey, fc.string()), junk).map(([key, make]) => atTop((carrier) => { put(carrier, key, { value: make(), writable: true }); })) },
  { weight: 1, arbitrary: fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constantFrom(-1, 0, 1e300, Number.MIN_VALUE)).map((deadline) => atTop((carrier) => { carrier.deadline = deadline; })) },
  { weight: 1, arbitrary: fc.constantFrom<object | null>(null, Array.prototype, Map.prototype, { version: 1, stores: { plain: '1' } }).map((prototype) => inStores((texts) => { Object.setPrototypeOf(texts, prototype); })) },
  { weight: 1, arbitrary: trapped.map((trap) => (carrier: any) => (typeof carrier === 'object' && carrier !== null ? trap(carrier) : carrier)) },
  { weight: 1, arbitrary: trapped.map((trap) => atTop((carrier) => { carrier.stores = trap(carrier.stores); })) },
  { weight: 1, arbitrary: junk.map((make) => () => make()) },
);

/** Few edits, so that often only one part is wrong. */
const attacks = fc.array(attack, { minLength: 1, maxLength: 3 });

const attacked = (steps: readonly Attack[]): any => steps.reduce<unknown>((carrier, step) => step(carrier), real());

const absent = (): boolean => Object.values(stores).every((store) => store.getStore() === undefined);

describe('a carrier that was edited in transit', () => {
  it('is refused by a typed error, before anything runs, or brings plain values into declared stores', () => {
    const outcomes = { ran: 0, refused: 0, tooLarge: 0 };
    fc.assert(
      fc.property(attacks, (steps) => {
        const carrier = attacked(steps);
        let runs = 0;
        try {
          restore(carrier as Carrier, () => {
            runs++;
            expect(findings()).toEqual([]);
          });
        } catch (error) {
          if (error instanceof ContextTooLargeError) outcomes.tooLarge++;
          else if (error instanceof ContextError) outcomes.refused++;
          else throw error;
          expect(error).toMatchObject({ code: error instanceof ContextError ? 'OFFLOOP_CONTEXT' : 'OFFLOOP_CONTEXT_TOO_LARGE', store: expect.any(String) });
          expect(error.message.length).toBeLessThan(1000);
          expect(runs).toBe(0);
          expect([findings(), absent()]).toEqual([[], true]);
          return;
        }
        outcomes.ran++;
        expect(runs).toBe(1);
        expect([findings(), absent()]).toEqual([[], true]);
      }),
      { numRuns: 1500 },
    );
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(30);
  });

  it('never brings more bytes into a store than its limit', () => {
    const lengths = fc.integer({ min: maxBytes / 3 - 2, max: maxBytes + 2 });
    fc.assert(fc.property(fc.constantFrom(...Object.keys(stores)), lengths, fc.constantFrom('x', 'é', '€', '😀'), fc.boolean(), (key, length, letter, isInTag) => {
      const value = JSON.stringify(letter.repeat(length));
      const written = isInTag ? `{"$offloop":"set","value":[${value}]}` : value;
      const bytes = Buffer.byteLength(written);
      let error: unknown;
      try {
        restore({ version: 1, stores: { [key]: written } }, () => undefined);
      } catch (caught) {
        error = caught;
      }
      if (bytes > maxBytes) expect(error).toMatchObject({ code: 'OFFLOOP_CONTEXT_TOO_LARGE', store: key, bytes });
      else expect((error as ContextError | undefined)?.code).not.toBe('OFFLOOP_CONTEXT_TOO_LARGE');
    }));
  });
});

describe.each(['threads', 'inline'] as const)('a call with such a carrier, on %s,', (runtime) => {
  const pool = createPool({ runtime, maxThreads: 1 });
  afterAll(() => pool.close());

  it('rejects with a typed error, or runs with plain values, and other calls are not affected', async () => {
    const allowed = ['OFFLOOP_CONTEXT', 'OFFLOOP_CONTEXT_TOO_LARGE', 'OFFLOOP_OPTION', 'OFFLOOP_DEADLINE'];
    const outcomes = { ran: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(attacks, { minLength: 1, maxLength: 8 }), async (all) => {
        const calls = all.map((steps) => pool.run(findInTask, [], { context: attacked(steps) }));
        const siblings = all.map(() => stores.plain.run({ id: 1 }, () => pool.run(findInTask, [])));
        for (const settled of await Promise.allSettled(calls)) {
          if (settled.status === 'fulfilled') {
            expect(settled.value).toEqual([]);
            outcomes.ran++;
          } else {
            expect(allowed).toContain(settled.reason.code);
            outcomes.refused++;
          }
        }
        expect((await Promise.all(siblings)).flat()).toEqual([]);
        expect(findings()).toEqual([]);
      }),
      { numRuns: 60 },
    );
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(20);
    expect(pool.stats().workers).toMatchObject({ started: 1, crashed: 0, replaced: 0 });
  });
});
