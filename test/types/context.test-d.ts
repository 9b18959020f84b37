import { AsyncLocalStorage } from 'node:async_hooks';

import { capture, carry, configure, createPool, defaultPool, restore, withDeadline, type Carried, type Carrier, type Pool, type PoolOptions } from 'offloop';
import * as v from 'valibot';
import { expectTypeOf } from 'vitest';

interface Request {
  id: string;
  tenant?: string;
  socket: { end(): void };
}

class User {
  #name: string;
  constructor(name: string) {
    this.#name = name;
  }
  get name() {
    return this.#name;
  }
}

const requests = new AsyncLocalStorage<Request>();
const users = new AsyncLocalStorage<User>();
const ids = new AsyncLocalStorage<string>();

// carry: the result has the store's type
const request = carry(import.meta, requests, { name: 'request', pick: ['id', 'tenant'] });
expectTypeOf(request).toEqualTypeOf<Carried<Request>>();
expectTypeOf(request.store).toEqualTypeOf<AsyncLocalStorage<Request>>();
expectTypeOf(request.name).toEqualTypeOf<string>();
expectTypeOf(request.sensitive).toEqualTypeOf<boolean>();
expectTypeOf(carry(import.meta, ids, { name: 'id' })).toEqualTypeOf<Carried<string>>();
// @ts-expect-error a store needs a name
carry(import.meta, ids, {});
// @ts-expect-error pick takes the keys of the store
carry(import.meta, requests, { name: 'x', pick: ['id', 'tenat'] });
// @ts-expect-error an unknown option
carry(import.meta, ids, { name: 'x', maxByte: 1 });
// @ts-expect-error a store is an AsyncLocalStorage
carry(import.meta, 'requests', { name: 'x' });
// @ts-expect-error a module is import.meta, a URL or a path
carry(5, ids, { name: 'x' });
// @ts-expect-error a declaration cannot be changed
request.name = 'another';

// codec: encode takes the store's value, decode returns such a value, and both agree on the encoded type
const user = carry(import.meta, users, {
  name: 'user',
  encode(value) {
    expectTypeOf(value).toEqualTypeOf<User>();
    return { name: value.name };
  },
  decode(wire) {
    expectTypeOf(wire).toEqualTypeOf<{ name: string }>();
    return new User(wire.name);
  },
});
expectTypeOf(user).toEqualTypeOf<Carried<User>>();
carry(import.meta, users, {
  name: 'x',
  encode: (value) => value.name,
  // @ts-expect-error decode must return the store's type
  decode: (wire: string) => wire.length,
});
carry(import.meta, users, {
  name: 'x',
  // @ts-expect-error decode gets the result of encode
  encode: (value): string => value.name,
  decode: (wire: number) => new User(String(wire)),
});
// @ts-expect-error encode gets the store's value
carry(import.meta, ids, { name: 'x', encode: (value: number) => value });

// schema: has the type of the encoded value
carry(import.meta, ids, { name: 'x', schema: v.string() });
carry(import.meta, users, { name: 'x', encode: (value) => value.name, decode: (name) => new User(name), schema: v.string() });
// @ts-expect-error the schema is of another type than the store
carry(import.meta, ids, { name: 'x', encode: (value: string): string => value, schema: v.number() });
// @ts-expect-error not a schema
carry(import.meta, ids, { name: 'x', schema: { parse: () => 'x' } });

// capture and restore
const carrier = capture();
expectTypeOf(carrier).toEqualTypeOf<Carrier>();
expectTypeOf(carrier.version).toEqualTypeOf<1>();
expectTypeOf(carrier.stores).toEqualTypeOf<Readonly<Record<string, string>>>();
expectTypeOf(carrier.deadline).toEqualTypeOf<number | undefined>();
capture({ only: [request, user] });
// @ts-expect-error the store itself is not what carry() returned
capture({ only: [requests] });
// @ts-expect-error an unknown option
capture({ except: [request] });
expectTypeOf(restore(carrier, () => 1)).toEqualTypeOf<number>();
expectTypeOf(restore(undefined, async () => 'x')).toEqualTypeOf<Promise<string>>();
// @ts-expect-error a carrier is what capture() returned
restore({ stores: {} }, () => 1);
// @ts-expect-error there must be a function
restore(carrier);
// @ts-expect-error a carrier is read only
carrier.stores.x = '1';
expectTypeOf(withDeadline(1, async () => 1)).toEqualTypeOf<Promise<number>>();
// @ts-expect-error ms are a number
withDeadline('1s', () => 1);

// pools: stores of any type side by side
const pool = createPool({ context: [request, user], runtime: 'threads', preload: [import.meta, new URL(import.meta.url), '/x.js'] });
expectTypeOf(pool).toEqualTypeOf<Pool>();
expectTypeOf(createPool).parameter(0).toEqualTypeOf<PoolOptions | undefined>();
expectTypeOf(configure).toEqualTypeOf<(options: PoolOptions) => void>();
expectTypeOf(defaultPool).toEqualTypeOf<() => Pool>();
expectTypeOf(defaultPool().stats().cpus).toEqualTypeOf<{ readonly available: number; readonly quota?: number }>();
configure({ context: 'none' });
configure({ context: 'all' });
// @ts-expect-error no such context
createPool({ context: 'some' });
// @ts-expect-error stores are given as what carry() returned
createPool({ context: [requests] });
// @ts-expect-error no such runtime
createPool({ runtime: 'fibers' });
// @ts-expect-error an unknown option
createPool({ threads: 4 });
export async function disposes() {
  await using own = createPool();
  expectTypeOf(own.stats().queue.waiting).toEqualTypeOf<number>();
}
