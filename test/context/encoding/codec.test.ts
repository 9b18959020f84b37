import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';

import { capture, carry, ContextError, ContextTooLargeError, createPool, restore, type Carrier, type CarryOptions } from 'offloop';
import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';

import type { StoreRecord } from '../../../src/context/stores/store-record.ts';
import { encodeStore } from '../../../src/context/encoding/codec.ts';
import { checkedStore, pickedStore, readCodecStores, secretStore, smallStore, User, userStore } from '../../fixtures/context/codec-stores.js';

const pool = createPool({ maxThreads: 1 });
afterAll(() => pool.close());

let count = 0;

/** A new store for each test, declared with these options. */
function declare<T, W = T>(options: Omit<CarryOptions<T, W>, 'name'>) {
  const store = new AsyncLocalStorage<T>();
  const name = `store${String(++count)}`;
  const carried = carry(import.meta, store, { name, ...options });
  const captureIt = (value: T) => store.run(value, () => capture({ only: [carried] }));
  const textOf = (value: T) => captureIt(value).stores[name];
  const restoreText = (text: string) => restore({ version: 1, stores: { [name]: text } }, () => store.getStore());
  return { name, store, carried, captureIt, textOf, restoreText };
}

function thrownBy(fn: () => unknown): any {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const received = async () => pool.run(readCodecStores, []);
const absent = { user: undefined, picked: undefined, checked: undefined, small: undefined, secret: undefined };

describe('a value that is captured again', () => {
  it('arrives with its present content, from each store that picks keys of the value', () => {
    const value = Object.freeze({ a: 1, b: 'two' });
    const [all, a, b] = [declare({}), declare<typeof value>({ pick: ['a'] }), declare<typeof value>({ pick: ['b'] })];
    for (let i = 0; i < 2; i++) expect([all.textOf(value), a.textOf(value), b.textOf(value)]).toEqual(['{"a":1,"b":"two"}', '{"a":1}', '{"b":"two"}']);
  });

  it('is encoded anew where a value in it has changed', () => {
    const part = { n: 1 };
    let n = 1;
    const { textOf } = declare<unknown>({});
    const nested = Object.freeze({ part });
    const getter = Object.freeze({ get n() { return n; } });
    const date = Object.freeze({ at: new Date(1) });
    const texts = () => [nested, getter, date].map(textOf);
    expect(texts()).toEqual(['{"part":{"n":1}}', '{"n":1}', '{"at":{"$offloop":"date","value":1}}']);
    part.n = n = 2;
    date.at.setTime(2);
    expect(texts().slice(0, 2)).toEqual(['{"part":{"n":2}}', '{"n":2}']);
    expect(texts()[2]).toBe('{"at":{"$offloop":"date","value":2}}');
  });

  it('is encoded anew where its keys change, though its values do not', () => {
    const { textOf } = declare<unknown>({});
    const value: Record<string | symbol, unknown> = { a: 1 };
    const changes = [() => undefined, () => { delete value.a; value.b = 1; }, () => { value.c = 1; }, () => { delete value.b; value.b = 1; }];
    const texts = changes.map((change) => {
      change();
      return [textOf(value), textOf(value)];
    });
    expect(texts).toEqual(['{"a":1}', '{"b":1}', '{"b":1,"c":1}', '{"c":1,"b":1}'].map((text) => [text, text]));
    value[Symbol('s')] = 1;
    expect(thrownBy(() => textOf(value))).toMatchObject({ code: 'OFFLOOP_CONTEXT' });
  });

  it('is encoded anew where its class has changed', () => {
    const { textOf } = declare<unknown>({});
    const value = { a: 1 };
    expect([textOf(value), textOf(value)]).toEqual(['{"a":1}', '{"a":1}']);
    Object.setPrototypeOf(value, null);
    expect(textOf(value)).toBe('{"$offloop":"null-prototype","value":{"a":1}}');
    Object.setPrototypeOf(value, User.prototype);
    expect(thrownBy(() => textOf(value))).toMatchObject({ code: 'OFFLOOP_CONTEXT' });
  });

  it('is encoded anew where a picked key was removed or added', () => {
    const { textOf } = declare<Record<string, unknown>>({ pick: ['a', 'b'] });
    const value: Record<string, unknown> = { a: 1, b: 2, other: {} };
    const texts = [textOf(value), textOf(value)];
    delete value.b;
    texts.push(textOf(value), textOf(value));
    value.b = {};
    texts.push(textOf(value));
    expect(texts).toEqual(['{"a":1,"b":2}', '{"a":1,"b":2}', '{"a":1}', '{"a":1}', '{"a":1,"b":{}}']);
  });

  it('has a number, by which a worker keeps the text, unless the text is sensitive or long', () => {
    const numberOf = (options: { sensitive?: boolean }, value: object): number | undefined => {
      const { carried, store } = declare<object>(options);
      return store.run(value, () => [1, 2].map(() => encodeStore(carried as StoreRecord)?.number).at(-1));
    };
    expect(numberOf({}, { a: 1 })).toBeGreaterThan(0);
    expect(numberOf({ sensitive: true }, { a: 1 })).toBe(0);
    expect(numberOf({}, { a: 'x'.repeat(2000) })).toBe(0);
  });

  it('is refused once a getter has begun to throw', () => {
    let isBroken = false;
    const { textOf } = declare<unknown>({});
    const value = { get a() { if (isBroken) throw new Error('broken'); return 1; } };
    expect([textOf(value), textOf(value)]).toEqual(['{"a":1}', '{"a":1}']);
    isBroken = true;
    expect(thrownBy(() => textOf(value))).toMatchObject({ code: 'OFFLOOP_CONTEXT', cause: { message: 'broken' } });
  });

  it('is null, or an array, too', () => {
    const { textOf } = declare<unknown>({});
    const list = Object.freeze([part()]);
    expect([textOf(null), textOf(list), textOf(list)]).toEqual(['null', '[{"n":1}]', '[{"n":1}]']);
    (list[0] as { n: number }).n = 2;
    expect(textOf(list)).toBe('[{"n":2}]');
    function part(): object { return { n: 1 }; }
  });

  it('goes through its codec and its schema each time', () => {
    let n = 0;
    const { textOf } = declare<object, number>({ encode: () => ++n });
    const value = Object.freeze({ a: 1 });
    expect([textOf(value), textOf(value)]).toEqual(['1', '2']);
  });
});

describe('pick', () => {
  it('takes the picked keys and leaves all other keys behind, whatever they hold', async () => {
    const request = { requestId: 'r1', tenant: 'acme', socket: {}, handler: () => undefined };
    expect(await pickedStore.run(request, received)).toEqual({ ...absent, picked: { requestId: 'r1', tenant: 'acme' } });
  });

  it('leaves out a key that the value does not have', () => {
    const { textOf } = declare<{ a?: number; b?: number }>({ pick: ['a', 'b'] });
    expect(textOf({ a: 1 })).toBe('{"a":1}');
  });

  it('reads getters and inherited properties of a class instance', () => {
    class Request {
      readonly secret = () => undefined;
      get id() {
        return `from the getter of ${this.constructor.name}`;
      }
    }
    const { textOf } = declare<Request>({ pick: ['id'] });
    expect(textOf(new Request())).toBe('{"id":"from the getter of Request"}');
  });

  it('does not read a key that is not picked', () => {
    const { textOf } = declare<{ id: number; costly: number }>({ pick: ['id'] });
    expect(textOf({ id: 1, get costly(): number { throw new Error('was read'); } })).toBe('{"id":1}');
  });

  it('refuses a picked key that cannot cross, and names a remedy', () => {
    const { name, captureIt } = declare<{ id: number; done: () => void }>({ pick: ['id', 'done'] });
    const error = thrownBy(() => captureIt({ id: 1, done: () => undefined }));
    expect(error).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: name, path: `${name}.done` });
    expect(error.message).toMatch(/function.*Take that key out of `pick`/);
  });

  it('refuses a picked getter that throws', () => {
    const cause = new Error('no');
    const { name, captureIt } = declare<{ id: number }>({ pick: ['id'] });
    expect(thrownBy(() => captureIt({ get id(): number { throw cause; } }))).toMatchObject({ path: `${name}.id`, cause });
  });

  it.each([['text', 'a text'], ['a number', 7], ['null', null]])('refuses a value that has no keys: %s', (_what, value) => {
    const { name, captureIt } = declare<any>({ pick: ['id'] });
    expect(thrownBy(() => captureIt(value))).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: name, path: name });
  });

  it('takes a key named __proto__ as a key', () => {
    const { restoreText, textOf } = declare<any>({ pick: ['__proto__', 'id'] });
    const value = JSON.parse('{"__proto__": {"polluted": true}, "id": 1}') as object;
    const back = restoreText(textOf(value)!) as Record<string, unknown>;
    expect(Object.keys(back).sort()).toEqual(['__proto__', 'id']);
    expect(back.polluted).toBeUndefined();
  });
});

describe('encode and decode', () => {
  it('bring a class instance over, private fields and all', async () => {
    expect(await userStore.run(new User('ada'), received)).toEqual({ ...absent, user: 'ada' });
  });

  it('are called with the value and with the result of encode', () => {
    const { captureIt, restoreText, textOf } = declare<Date, { ms: number }>({ encode: (date) => ({ ms: date.getTime() }), decode: ({ ms }) => new Date(ms) });
    expect(captureIt(new Date(5)).stores).toEqual({ [`store${String(count)}`]: '{"ms":5}' });
    expect(restoreText(textOf(new Date(7))!)).toEqual(new Date(7));
  });

  it('encode alone lets the plain data arrive', () => {
    const { restoreText, textOf } = declare<Map<string, unknown>, string[]>({ encode: (map) => [...map.keys()] });
    expect(restoreText(textOf(new Map([['a', () => undefined]]))!)).toEqual(['a']);
  });

  it('decode alone gets the captured value', () => {
    const { restoreText, textOf } = declare<any>({ decode: (wire: { n: number }) => ({ n: wire.n + 1 }) });
    expect(restoreText(textOf({ n: 1 })!)).toEqual({ n: 2 });
  });

  it('decode works on picked keys', () => {
    const { restoreText, textOf } = declare<any>({ pick: ['n'], decode: (wire: { n: number }) => wire.n });
    expect(restoreText(textOf({ n: 3, other: () => undefined })!)).toBe(3);
  });

  it('encode may return a value that JSON has no form for', () => {
    const { restoreText, textOf } = declare<any, bigint>({ encode: () => 7n });
    expect(restoreText(textOf({})!)).toBe(7n);
  });

  it('an error that encode throws is the cause of a ContextError', () => {
    const cause = new TypeError('cannot encode');
    const { name, captureIt } = declare<any>({ encode: () => { throw cause; } });
    const error = thrownBy(() => captureIt({}));
    expect(error).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: name, path: name, cause });
    expect(error.message).toMatch(/its `encode` threw.*Correct the codec/);
  });

  it('an error that decode throws is the cause of a ContextError', () => {
    const cause = new TypeError('cannot decode');
    const { name, restoreText } = declare<any>({ decode: () => { throw cause; } });
    const error = thrownBy(() => restoreText('1'));
    expect(error).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: name, path: name, cause });
    expect(error.message).toContain('its `decode` threw');
  });

  it('the result of encode must be plain itself', () => {
    const { name, captureIt } = declare<any>({ encode: () => ({ inner: new Map([[1, Symbol('s')]]) }) });
    expect(thrownBy(() => captureIt({}))).toMatchObject({ code: 'OFFLOOP_CONTEXT', path: `${name}.inner.0.1` });
  });

  it('an async encode is refused: a store is captured at once', () => {
    const { name, captureIt } = declare<any>({ encode: async () => 'later' });
    expect(thrownBy(() => captureIt({}))).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: name });
  });
});

describe('schema', () => {
  const object = v.object({ userId: v.number(), roles: v.array(v.string()) });

  it('lets an accepted value pass, on both sides', async () => {
    expect(await checkedStore.run({ userId: 7 }, received)).toEqual({ ...absent, checked: { userId: 7 } });
  });

  it('refuses on capture, with the place and the schema’s own words', () => {
    const { name, captureIt } = declare<any>({ schema: object });
    const error = thrownBy(() => captureIt({ userId: 7, roles: ['admin', 5] }));
    expect(error).toBeInstanceOf(ContextError);
    expect(error).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: name, path: `${name}.roles.1` });
    expect(error.message).toMatch(/its schema refused what was captured: .*Expected string/);
  });

  it('refuses on restore a value that was edited in transit', () => {
    const { name, captureIt } = declare<any>({ schema: object });
    const carrier = captureIt({ userId: 7, roles: ['user'] });
    const edited = JSON.parse(JSON.stringify(carrier).replace('\\"userId\\":7', '\\"userId\\":\\"root\\"')) as Carrier;
    expect(edited).not.toEqual(carrier);
    const error = thrownBy(() => restore(edited, () => undefined));
    expect(error).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: name, path: `${name}.userId` });
    expect(error.message).toContain('its schema refused what was restored');
  });

  it('refuses in the worker a value that was edited in transit, and the task does not run', async () => {
    const carrier: Carrier = { version: 1, stores: { checked: '{"userId":"root"}' } };
    const error = await pool.run(readCodecStores, [], { context: carrier }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ContextError);
    expect(error).toMatchObject({
      name: 'ContextError',
      code: 'OFFLOOP_CONTEXT',
      store: 'checked',
      path: 'checked.userId',
    });
  });

  it('gets the result of encode, and passes the accepted value to decode', () => {
    const seen: unknown[] = [];
    const { restoreText, textOf } = declare<{ id: string }, number>({
      encode: ({ id }) => Number(id),
      decode: (id) => ({ id: String(id) }),
      schema: v.pipe(v.number(), v.check((n) => seen.push(n) > 0)),
    });
    expect(restoreText(textOf({ id: '12' })!)).toEqual({ id: '12' });
    expect(seen).toEqual([12, 12]);
  });

  it('drops keys that it does not know', () => {
    const { textOf } = declare<any>({ schema: v.object({ id: v.number() }) });
    expect(textOf({ id: 1, more: 2 })).toBe('{"id":1}');
  });

  it('that validates asynchronously is refused, and leaves no rejection behind', async () => {
    const late = v.pipeAsync(v.string(), v.checkAsync(async () => { throw new Error('too late'); }));
    const { name, captureIt, restoreText } = declare<any>({ schema: late as never });
    for (const act of [() => captureIt('x'), () => restoreText('"x"')]) {
      const error = thrownBy(act);
      expect(error).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: name });
      expect(error.message).toContain('asynchronously');
    }
    // An unhandled rejection would fail the run.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('that throws is a ContextError, with the thrown error as its cause', () => {
    const cause = new Error('the schema’s own bug');
    const { name, captureIt, restoreText } = declare<any>({ schema: v.pipe(v.any(), v.check(() => { throw cause; })) });
    for (const act of [() => captureIt('x'), () => restoreText('"x"')]) {
      expect(thrownBy(act)).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: name, cause });
    }
  });

  it('may be a function with a `~standard` property, as arktype’s are', () => {
    const schema = Object.assign(() => undefined, { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } });
    const { restoreText, textOf } = declare<any>({ schema });
    expect(restoreText(textOf(1)!)).toBe(1);
  });
});

describe('maxBytes', () => {
  it('refuses on capture, with the store and the size', () => {
    const { name, captureIt } = declare<string>({ maxBytes: 10 });
    const error = thrownBy(() => captureIt('123456789'));
    expect(error).toBeInstanceOf(ContextTooLargeError);
    expect(error).toMatchObject({ name: 'ContextTooLargeError', code: 'OFFLOOP_CONTEXT_TOO_LARGE', store: name, bytes: 11 });
    expect(error.message).toMatch(/11 bytes.*limit is 10.*`pick`.*`maxBytes`/);
  });

  it('lets exactly as many bytes pass', () => {
    const { restoreText, textOf } = declare<string>({ maxBytes: 10 });
    expect(restoreText(textOf('12345678')!)).toBe('12345678');
  });

  it('counts bytes of UTF-8, not characters', () => {
    const { captureIt, textOf } = declare<string>({ maxBytes: 10 });
    expect(textOf('ää')).toBe('"ää"');
    expect(thrownBy(() => captureIt('äääää'))).toMatchObject({ bytes: 12 });
    expect(thrownBy(() => captureIt('🎉🎉🎉'))).toMatchObject({ bytes: 14 });
  });

  it('refuses on restore, before the text is read', () => {
    const { name, restoreText } = declare<string>({ maxBytes: 10 });
    const error = thrownBy(() => restoreText('{{{{{{{{{{{{ no JSON at all'));
    expect(error).toMatchObject({ code: 'OFFLOOP_CONTEXT_TOO_LARGE', store: name, bytes: 27 });
  });

  it('refuses in the worker', async () => {
    const carrier: Carrier = { version: 1, stores: { small: JSON.stringify('x'.repeat(31)) } };
    const error = await pool.run(readCodecStores, [], { context: carrier }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ContextTooLargeError);
    expect(error).toMatchObject({
      name: 'ContextTooLargeError',
      code: 'OFFLOOP_CONTEXT_TOO_LARGE',
      store: 'small',
      bytes: 33,
    });
  });

  it('rejects the call of a task, and throws nothing at the caller', async () => {
    const calling = smallStore.run('x'.repeat(100), received);
    await expect(calling).rejects.toMatchObject({ code: 'OFFLOOP_CONTEXT_TOO_LARGE', store: 'small', bytes: 102 });
  });

  it('is 8192 unless told otherwise', () => {
    const { captureIt, textOf } = declare<string>({});
    expect(textOf('x'.repeat(8190))).toHaveLength(8192);
    expect(thrownBy(() => captureIt('x'.repeat(8191)))).toMatchObject({ bytes: 8193 });
  });
});

describe('a sensitive store', () => {
  const secret = 'hunter2-4711';

  it('travels', async () => {
    expect(await secretStore.run({ token: secret }, received)).toEqual({ ...absent, secret: { token: secret } });
  });

  const says = (): never => { throw new Error(`a message with ${secret} in it`, { cause: { secret } }); };
  const says2 = v.pipe(v.any(), v.check(says));
  const failures: Record<string, () => unknown> = {
    'a class instance': () => declare<any>({ sensitive: true }).captureIt(new (class Token { value = secret; })()),
    'a nested function': () => declare<any>({ sensitive: true }).captureIt({ token: secret, [`done`]: () => secret }),
    'a getter that throws': () => declare<any>({ sensitive: true }).captureIt({ get token() { return says(); } }),
    'a picked getter that throws': () => declare<any>({ sensitive: true, pick: ['token'] }).captureIt({ get token() { return says(); } }),
    'pick on a text': () => declare<any>({ sensitive: true, pick: ['token'] }).captureIt(secret),
    'an encode that throws': () => declare<any>({ sensitive: true, encode: says }).captureIt(secret),
    'a decode that throws': () => declare<any>({ sensitive: true, decode: says }).restoreText(JSON.stringify(secret)),
    'a schema that refuses': () => declare<any>({ sensitive: true, schema: v.literal('another') }).captureIt(secret),
    'a schema that refuses a part': () => declare<any>({ sensitive: true, schema: v.object({ token: v.number() }) }).captureIt({ token: secret }),
    'a schema that refuses on restore': () => declare<any>({ sensitive: true, schema: v.number() }).restoreText(JSON.stringify(secret)),
    'a schema that throws': () => declare<any>({ sensitive: true, schema: says2 }).captureIt(secret),
    'a schema that throws on restore': () => declare<any>({ sensitive: true, schema: says2 }).restoreText(JSON.stringify(secret)),
    'text that is no JSON': () => declare<any>({ sensitive: true }).restoreText(secret),
    'text that is broken JSON': () => declare<any>({ sensitive: true }).restoreText(`{"token": ${secret}`),
    'a tag that nobody knows': () => declare<any>({ sensitive: true }).restoreText(JSON.stringify({ $offloop: secret, value: secret })),
    'a bigint that is none': () => declare<any>({ sensitive: true }).restoreText(JSON.stringify({ $offloop: 'bigint', value: secret })),
    'too much of it': () => declare<any>({ sensitive: true, maxBytes: 1 }).captureIt(secret),
    'too much of it on restore': () => declare<any>({ sensitive: true, maxBytes: 1 }).restoreText(JSON.stringify(secret)),
  };

  it.each(Object.entries(failures))('is in no error: %s', (_what, fail) => {
    expectSilent(thrownBy(fail));
  });

  it('appears in no error that comes back from a worker', async () => {
    const carriers = [secret, JSON.stringify({ token: 1, secret }), JSON.stringify([secret])];
    for (const text of carriers) {
      const error = await pool.run(readCodecStores, [], { context: { version: 1, stores: { secret: text } } }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: 'secret' });
      expectSilent(error);
    }
  });

  it('appears in no error about a carrier of a wrong shape', () => {
    const { name } = declare<any>({ sensitive: true });
    expectSilent(thrownBy(() => restore({ version: 1, stores: { [name]: { token: secret } } } as never, () => undefined)));
  });

  it('still has an error that says which store, where and what to do', () => {
    const { name, captureIt } = declare<any>({ sensitive: true });
    const error = thrownBy(() => captureIt({ inner: { done: () => secret } }));
    // The path ends at the store, since keys may be secrets too.
    expect(error).toMatchObject({ code: 'OFFLOOP_CONTEXT', store: name, path: name });
    expect(error.message).toMatch(/function.*`pick`/);
    expect(error.message).not.toContain('inner');
  });

  function expectSilent(error: unknown): void {
    expect(error).toMatchObject({ code: expect.stringMatching(/^OFFLOOP_CONTEXT/) });
    const { message, stack, cause } = error as Error;
    const seen = [message, stack, inspect(cause), inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), ...Object.values(error as Error).map((field) => JSON.stringify(field))];
    // The stack has lines of this test, and a source line may be shown with them.
    for (const text of seen) expect(text ?? '').not.toContain(secret);
  }
});

it('the error of a store that is not sensitive shows no value either, and keeps its cause', () => {
  const { captureIt } = declare<any>({});
  const error = thrownBy(() => captureIt({ token: 'hunter2-4711', done: () => undefined }));
  expect(inspect(error)).not.toContain('hunter2-4711');
});
