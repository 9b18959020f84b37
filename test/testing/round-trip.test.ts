import { AsyncLocalStorage } from 'node:async_hooks';

import { carry, createPool, type Carried } from 'offloop';
import { roundTrip } from 'offloop/testing';
import * as v from 'valibot';
import { describe, expect, it, onTestFinished } from 'vitest';

import { readsRequest } from '../fixtures/context/reads-request.js';
import { request, requestStore } from '../fixtures/context/request-store.js';
import { rejection } from '../pool/helpers.ts';

interface User {
  name: string;
  socket?: unknown;
}

class Session {
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }
}

const users = new AsyncLocalStorage<User>();
const user = carry(import.meta, users, { name: 'a user', pick: ['name'], schema: v.object({ name: v.string() }), maxBytes: 100 });
const sessions = new AsyncLocalStorage<Session>();
const session = carry(import.meta, sessions, { name: 'a session', encode: ({ id }) => id, decode: (id) => new Session(id) });
const broken = carry(import.meta, new AsyncLocalStorage<string>(), {
  name: 'one that cannot be decoded',
  decode: () => { throw new RangeError('not that'); },
});

describe('roundTrip()', () => {
  it('returns a copy of the picked keys', () => {
    const value = { name: 'Ada', socket: () => {} };
    const arrived = roundTrip(user, value);
    expect(arrived).toEqual({ name: 'Ada' });
    expect(arrived).not.toBe(value);
  });

  it('returns the encoded and decoded value', () => {
    const arrived = roundTrip(session, new Session('s1'));
    expect(arrived).toEqual(new Session('s1'));
    expect(arrived).toBeInstanceOf(Session);
  });

  it('returns undefined for an absent store', () => {
    expect(roundTrip(request, undefined)).toBeUndefined();
    expect(roundTrip<unknown>(request, null)).toBeNull();
  });

  it('neither sees nor changes the current stores', () => {
    users.run({ name: 'Bob', socket: () => {} }, () => {
      expect(roundTrip(user, { name: 'Ada' })).toEqual({ name: 'Ada' });
      expect(users.getStore()).toMatchObject({ name: 'Bob' });
    });
    requestStore.run({ id: () => 'no data' }, () => { expect(roundTrip(user, { name: 'Ada' })).toEqual({ name: 'Ada' }); });
  });

  it.each<[string, Carried<any>, unknown, object]>([
    ['a function', request, { id: 1, reply: () => {} }, { code: 'OFFLOOP_CONTEXT', store: 'request', path: 'request.reply' }],
    ['what the schema refuses', user, { name: 1 }, { code: 'OFFLOOP_CONTEXT', store: 'a user' }],
    ['what is too large', user, { name: 'a'.repeat(100) }, { code: 'OFFLOOP_CONTEXT_TOO_LARGE', store: 'a user', bytes: 111 }],
    ['what cannot be decoded', broken, 'a', { code: 'OFFLOOP_CONTEXT', store: 'one that cannot be decoded', cause: expect.any(RangeError) }],
  ])('throws for %s', (_what, carried, value, error) => {
    expect(() => roundTrip(carried, value)).toThrow(expect.objectContaining(error));
  });

  it('returns, and throws, the same as a call', async () => {
    const pool = createPool({ context: [request] });
    onTestFinished(() => pool.close());
    const value = { id: 'a', list: [1, { at: 2 }] };
    expect(roundTrip(request, value)).toEqual(await requestStore.run(value, () => pool.run(readsRequest, [])));
    const bad = { id: 'a', at: new Session('s1') };
    const refused = await rejection(requestStore.run(bad, () => pool.run(readsRequest, [])));
    const { code, message, store, path } = refused;
    expect(() => roundTrip(request, bad)).toThrow(expect.objectContaining({ code, message, store, path }));
  });

  it('refuses a value that carry() did not return', () => {
    expect(() => roundTrip(requestStore as never, {})).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION', message: expect.stringContaining('roundTrip(): expected what carry() returned') }));
  });
});
