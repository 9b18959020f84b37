import { AsyncLocalStorage } from 'node:async_hooks';

import { capture, carry, ContextError, restore, withDeadline, type Carrier } from 'offloop';
import { describe, expect, it } from 'vitest';

const user = new AsyncLocalStorage<unknown>();
const tenant = new AsyncLocalStorage<unknown>();
const local = new AsyncLocalStorage<unknown>();
const carriedUser = carry(import.meta, user, { name: 'user' });
const carriedTenant = carry(import.meta, tenant, { name: 'tenant' });

const stores = () => ({ user: user.getStore(), tenant: tenant.getStore(), local: local.getStore() });
const nothing = { user: undefined, tenant: undefined, local: undefined };
const inRequest = <R>(fn: () => R): R => user.run({ id: 1 }, () => tenant.run('acme', () => local.run('mine', fn)));
const throughJson = (carrier: Carrier) => JSON.parse(JSON.stringify(carrier)) as Carrier;

describe('capture', () => {
  it('returns plain JSON: a version, and each store that is set as text', () => {
    const carrier = inRequest(() => capture());
    expect(carrier).toStrictEqual({ version: 1, stores: { user: '{"id":1}', tenant: '"acme"' } });
    expect(throughJson(carrier)).toStrictEqual(carrier);
  });

  it('leaves out stores that nobody entered, and stores that were entered with undefined', () => {
    expect(capture()).toStrictEqual({ version: 1, stores: {} });
    expect(user.run('u', () => user.run(undefined, () => capture()))).toStrictEqual({ version: 1, stores: {} });
  });

  it('takes a store that holds null', () => {
    expect(user.run(null, () => capture().stores)).toStrictEqual({ user: 'null' });
  });

  it('is done when it returns: the carrier does not have a later change', () => {
    const value = { id: 1 };
    const carrier = user.run(value, () => capture());
    value.id = 2;
    expect(restore(carrier, () => user.getStore())).toEqual({ id: 1 });
  });

  it('takes only the stores that it is asked for', () => {
    expect(inRequest(() => capture({ only: [carriedTenant] }).stores)).toStrictEqual({ tenant: '"acme"' });
    expect(inRequest(() => capture({ only: [] }).stores)).toStrictEqual({});
    expect(tenant.run('acme', () => capture({ only: [carriedUser] }).stores)).toStrictEqual({});
  });

  it('does not read a store that it is not asked for', () => {
    expect(user.run(() => undefined, () => tenant.run('acme', () => capture({ only: [carriedTenant] }).stores))).toStrictEqual({ tenant: '"acme"' });
  });

  it.each([[[user]], [[null]], [['user']], [[{}]]])('refuses a value that carry() did not return: %j', (only) => {
    expect(() => capture({ only: only as never })).toThrow(expect.objectContaining({ name: 'OptionError', code: 'OFFLOOP_OPTION' }));
  });

  it('refuses an unknown option, and names the options that exist', () => {
    expect(() => capture({ olny: [] } as never)).toThrow(/capture\(\).*`olny`.*`only`/);
  });

  it('takes the deadline along', () => {
    const before = Date.now();
    const { deadline } = withDeadline(1000, () => capture());
    expect(deadline).toBeGreaterThanOrEqual(before + 1000);
    expect(deadline).toBeLessThanOrEqual(Date.now() + 1000);
  });
});

describe('restore', () => {
  const carrier = inRequest(() => capture());

  it('sets the carried stores for the function and for its calls, later too', async () => {
    const seen = { user: { id: 1 }, tenant: 'acme', local: undefined };
    expect(restore(carrier, stores)).toEqual(seen);
    const later = restore(throughJson(carrier), async () => {
      const seenAt = [stores()];
      await Promise.resolve();
      seenAt.push(stores());
      await new Promise((resolve) => setImmediate(resolve));
      return [...seenAt, stores()];
    });
    expect(stores()).toEqual(nothing);
    expect(await later).toEqual([seen, seen, seen]);
  });

  it('returns what the function returns, and throws what it throws', () => {
    expect(restore(carrier, () => 42)).toBe(42);
    expect(() => restore(carrier, () => { throw new RangeError('mine'); })).toThrow(new RangeError('mine'));
    expect(stores()).toEqual(nothing);
  });

  it('inside another context sets the carrier’s stores and no others', () => {
    const onlyTenant = tenant.run('other', () => capture());
    inRequest(() => {
      expect(restore(onlyTenant, stores)).toEqual({ ...nothing, tenant: 'other' });
      expect(stores()).toEqual({ user: { id: 1 }, tenant: 'acme', local: 'mine' });
    });
  });

  it('of undefined, or of a carrier without stores, sets no store at all', () => {
    inRequest(() => {
      expect(restore(undefined, stores)).toEqual(nothing);
      expect(restore({ version: 1, stores: {} }, stores)).toEqual(nothing);
    });
  });

  it('nests, and each level ends where it began', () => {
    const other = user.run({ id: 2 }, () => capture());
    const seen = restore(carrier, () => [stores(), restore(other, stores), restore(undefined, stores), stores()]);
    const outer = { user: { id: 1 }, tenant: 'acme', local: undefined };
    expect(seen).toEqual([outer, { ...nothing, user: { id: 2 } }, nothing, outer]);
  });

  it('gives each call a value of its own', () => {
    const [one, other] = [restore(carrier, () => user.getStore()), restore(carrier, () => user.getStore())];
    expect(one).toEqual(other);
    expect(one).not.toBe(other);
  });

  it('keeps a store that the function enters from its caller and from the next restore', () => {
    restore(carrier, () => { user.enterWith('entered'); local.enterWith('entered'); });
    expect(stores()).toEqual(nothing);
    expect(restore(carrier, stores)).toEqual({ user: { id: 1 }, tenant: 'acme', local: undefined });
    expect(restore(undefined, stores)).toEqual(nothing);
  });

  it('takes a carrier of its own thread', () => {
    const again = restore(carrier, () => capture());
    expect(again).toStrictEqual(carrier);
  });

  it('does not bring the deadline of its surroundings, and brings the carrier’s', () => {
    expect(withDeadline(1000, () => restore(undefined, () => capture()))).not.toHaveProperty('deadline');
    const withOne: Carrier = { version: 1, stores: {}, deadline: Date.now() + 5000 };
    expect(restore(withOne, () => capture())).toStrictEqual(withOne);
    expect(withDeadline(1, () => restore(withOne, () => capture()))).toStrictEqual(withOne);
  });
});

describe('restore refuses, before the function runs,', () => {
  const refused = (carrier: unknown): ContextError => {
    let ran = false;
    try {
      restore(carrier as Carrier, () => { ran = true; });
    } catch (error) {
      expect(ran).toBe(false);
      expect(error).toBeInstanceOf(ContextError);
      expect(error).toMatchObject({ name: 'ContextError', code: 'OFFLOOP_CONTEXT' });
      return error as ContextError;
    }
    throw new Error('the carrier was accepted');
  };

  it.each<[string, unknown]>([
    ['null', null],
    ['text', '{"version":1,"stores":{}}'],
    ['a number', 1],
    ['an array', []],
    ['an empty object', {}],
    ['another version', { version: 2, stores: {} }],
    ['a version in text', { version: '1', stores: {} }],
    ['no stores', { version: 1 }],
    ['stores that are null', { version: 1, stores: null }],
    ['stores that are a list', { version: 1, stores: ['user', '1'] }],
    ['stores that are text', { version: 1, stores: 'user' }],
    ['a deadline in text', { version: 1, stores: {}, deadline: '2030-01-01' }],
    ['a deadline that is no number', { version: 1, stores: {}, deadline: NaN }],
    ['a deadline that is null', { version: 1, stores: {}, deadline: null }],
  ])('%s', (_what, carrier) => {
    const error = refused(carrier);
    expect(error.store).toBe('');
    expect(error.message).toMatch(/^Not a carrier: .* Pass on, unchanged, what capture\(\) returned\.$/);
  });

  it('a store that no module here has declared', () => {
    const error = refused({ version: 1, stores: { tenant: '"acme"', stranger: '1' } });
    expect(error.store).toBe('stranger');
    expect(error.message).toMatch(/'stranger'.*no module here has declared.*carry\(\)/);
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('a store with a name that objects inherit: %j', (name) => {
    const stores = JSON.parse(`{${JSON.stringify(name)}: "1"}`) as Record<string, string>;
    expect(refused({ version: 1, stores }).store).toBe(name);
  });

  it.each([[{ id: 1 }], [1], [null], [['x']]])('a store that is no text: %j', (value) => {
    expect(refused({ version: 1, stores: { user: value } }).store).toBe('user');
  });

  it.each([
    '',
    '{',
    '{"id":1} and more',
    'undefined',
    '{"$offloop":"no such type","value":1}',
    '{"$offloop":"bigint","value":"not a number"}',
    '{"$offloop":"bigint"}',
    '{"$offloop":"map","value":7}',
    '{"$offloop":"map","value":[1]}',
    '{"$offloop":"set","value":7}',
    '{"$offloop":"null-prototype"}',
  ])('text that was edited: %s', (text) => {
    const error = refused({ version: 1, stores: { user: text } });
    expect(error).toMatchObject({ store: 'user', path: 'user' });
    expect(error.message).toContain('not what capture() wrote');
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('as a whole: a bad second store leaves the first store out, too', () => {
    refused({ version: 1, stores: { tenant: '"acme"', user: '{' } });
    expect(stores()).toEqual(nothing);
  });

  it('a value that is no function', () => {
    expect(() => restore(undefined, 'not a function' as never)).toThrow(/restore\(\): expected a function/);
  });
});
