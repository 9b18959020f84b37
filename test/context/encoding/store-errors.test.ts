import { AsyncLocalStorage } from 'node:async_hooks';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

import { capture, carry, type CarryOptions } from 'offloop';
import { describe, expect, it } from 'vitest';

let count = 0;

/** The message of the error for a value that a store with these options cannot carry. */
function errorMessageOf(value: unknown, options: Omit<CarryOptions<any, any>, 'name'> = {}): string {
  const store = new AsyncLocalStorage<unknown>();
  const carried = carry(import.meta, store, { name: `remedied${String(++count)}`, ...options });
  try {
    store.run(value, () => capture({ only: [carried] }));
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('Expected an error.');
}

const req = new IncomingMessage(new Socket());
const codec = 'give carry() an `encode` and a `decode`';

describe('the error of a store that cannot cross', () => {
  it('names the keys that can cross, whatever else the store holds', () => {
    const value = { requestId: 'r-1', req, user: { id: 7 }, done: () => undefined, since: new Date() };
    expect(errorMessageOf(value)).toMatch(`Choose the keys that matter with \`pick\`, for instance \`pick: ['requestId', 'user', 'since']\`, or ${codec}.`);
  });

  it('names no key where none can cross, or where the store holds a class instance', () => {
    class Context { requestId = 'r-1'; }
    for (const value of [{ req }, new Context(), req]) expect(errorMessageOf(value)).toMatch(`with \`pick\`, or ${codec}.`);
  });

  it('names no more than five keys', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${String(i)}`, i]));
    expect(errorMessageOf({ ...many, req })).toContain("`pick: ['key0', 'key1', 'key2', 'key3', 'key4']`");
  });

  it('calls no getter to find the keys', () => {
    const calls: string[] = [];
    const said = errorMessageOf({ req, get user() { calls.push('user'); return 'ada'; }, requestId: 'r-1' });
    expect(said).toContain("`pick: ['requestId']`");
    // `capture()` itself reads the getter once.
    expect(calls).toEqual(['user']);
  });

  it('names no key of a sensitive store', () => {
    expect(errorMessageOf({ req, secretName: 1 }, { sensitive: true })).not.toContain('secretName');
  });

  it('names a remedy for a picked key of which only a part can cross', () => {
    expect(errorMessageOf({ state: { req } }, { pick: ['state'] })).toMatch(`Take that key out of \`pick\`, or ${codec}, which choose a part of what it holds.`);
    expect(errorMessageOf({ req }, { pick: ['req'] })).toMatch(`Take that key out of \`pick\`, or ${codec}.`);
  });

  it('names the class of an object that has another object between itself and the class', () => {
    const request: unknown = Object.create(Object.create(req) as object);
    expect(errorMessageOf({ request })).toContain('an instance of IncomingMessage would arrive');
    expect(errorMessageOf({ bare: Object.create({ inherited: 1 }) as unknown })).toContain('an instance of an unnamed class would arrive');
  });

  it('says why a symbol cannot cross, and says so at the declaration where `pick` names the symbol', () => {
    const key = Symbol('CLS_ID');
    expect(errorMessageOf({ [key]: 1, user: 'ada' })).toMatch(/a symbol key cannot cross, since each thread has symbols of its own.*`pick: \['user'\]`/);
    const declare = () => carry(import.meta, new AsyncLocalStorage<{ [key]: number }>(), { name: 'by a symbol', pick: [key] });
    expect(declare).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
    expect(declare).toThrow("carry('by a symbol'): `pick` cannot name Symbol(CLS_ID): each thread has symbols of its own. Pass an `encode` and a `decode`.");
  });
});
