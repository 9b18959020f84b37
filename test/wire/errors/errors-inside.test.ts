import { createPool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { looksAtError, made, Refusal, returnsMade, tellsMade, type Made } from '../../fixtures/context/values.js';
import { settled } from './rejection.ts';
import { runtimes } from '../../pool/helpers.ts';

describe.each(runtimes)('an error inside a value, with %s,', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  const returned = (kind: Made) => settled(pool.run(returnsMade, [kind]));
  const refused = { message: 'm', code: 'E_REFUSED', status: 503, isFinal: true };

  it('arrives in a result with its class, its own properties and its cause', async () => {
    const { ok, error } = await returned('in an object');
    expect(ok).toBe(false);
    expect(error).toBeInstanceOf(Refusal);
    expect(error).toMatchObject(refused);
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.stack).toMatch(/^Error: m\n {4}at refusal /);
    expect(Object.keys(error)).toEqual(['status', 'code']);
  });

  it('is one object wherever it occurs', async () => {
    const { a, list, map, set } = await returned('in four places');
    expect(a).toBeInstanceOf(Refusal);
    expect([list[0], map.get('k'), ...set]).toEqual([a, a, a]);
    for (const same of [list[0], map.get('k'), ...set]) expect(same).toBe(a);
  });

  it('arrives in an argument: the worker finds its class, and its caller’s value stays as it was', async () => {
    const error = Object.assign(new Refusal('m', { status: 503, cause: new RangeError('why') }), { code: 'E_REFUSED' });
    const value = { error, again: error };
    expect(await settled(pool.run(looksAtError, [value]))).toEqual({ isRefusal: true, isFinal: true, code: 'E_REFUSED', cause: 'RangeError', isSame: true });
    expect(value.error).toBe(error);
  });

  it('arrives in progress, before the values after it', async () => {
    const heard: any[] = [];
    heard.push(await settled(pool.run(tellsMade, ['in an object'], { onProgress: (value) => heard.push(value) })));
    expect(heard[0].error).toBeInstanceOf(Refusal);
    expect(heard.slice(1)).toEqual(['then', 'at last']);
  });

  it('arrives in the result of Promise.allSettled()', async () => {
    const [{ status, reason }] = await returned('allSettled');
    expect([status, reason instanceof Refusal, reason.code]).toEqual(['rejected', true, 'E_REFUSED']);
  });

  it('arrives with the compared values, where it is an AssertionError', async () => {
    const { error } = await returned('assertion');
    expect(error).toMatchObject({ name: 'AssertionError', code: 'ERR_ASSERTION', actual: { a: 1 }, expected: { a: 2 } });
  });

  it('arrives as a DOMException, in an object, a Map and a Set', async () => {
    const { one, map, set } = await returned('DOMExceptions');
    for (const error of [one, map.get('k'), [...set][1]]) expect(error).toBeInstanceOf(DOMException);
    expect([one.code, map.get('k').name, [...set][1].name]).toEqual([DOMException.ABORT_ERR, 'TimeoutError', 'DataCloneError']);
  });

  it('arrives among the errors of an AggregateError, where parts that cannot cross are described', async () => {
    const [{ errors }] = await returned('aggregate');
    expect(errors[0]).toBeInstanceOf(Refusal);
    expect(errors[1]).toBeInstanceOf(DOMException);
    expect(errors.slice(2)).toEqual(['text', expect.stringMatching(/function/)]);
  });

  it('describes properties that cannot cross, and is not refused because of them', async () => {
    const { error } = await returned('uncloneable');
    expect(error).toMatchObject({ message: 'm', code: 'E', request: expect.stringMatching(/send/), cause: expect.stringMatching(/function/) });
  });

  it('may lead back to itself', async () => {
    const { error } = await returned('cyclic');
    expect(error.cause.cause).toBe(error);
    expect(error.self).toBe(error);
    expect(error.all[0]).toBe(error);
  });

  it('keeps its message and its stack beyond the 1,000 objects that are visited', async () => {
    const errors = await returned('many');
    expect(errors[998]).toMatchObject({ message: 'number 998', code: 998 });
    expect(errors[1400]).toBeInstanceOf(Error);
    expect(errors[1400]).toMatchObject({ message: 'number 1400', stack: expect.stringContaining('number 1400') });
  });

  it('keeps classes that only some versions of Node have', async () => {
    for (const kind of ['of WebAssembly', 'suppressed'] as const) {
      expect(Object.getPrototypeOf(await returned(kind))).toBe(Object.getPrototypeOf(made[kind]()));
    }
  });

  it('describes a list whose items are one long chain, which another stack may be too small to read', async () => {
    expect(await returned('links of a chain')).toMatchObject({ message: 'm', code: 'E', links: expect.stringMatching(/array/) });
  });

  it.each<[Made, object]>([
    ['of another realm', { name: 'RangeError', message: 'm', code: 'E', list: [{}] }],
    ['made by hand', { name: 'TypeError', message: 'm', code: 'E' }],
    ['own instanceof', { message: 'm', issues: [{ path: ['a'] }] }],
    ['static name', { message: 'mine' }],
    ['mongoose', { message: 'failed', errors: { name: { message: 'name', kind: 'required' }, plain: 1 } }],
  ])('arrives as an error: %s', async (kind, like) => {
    expect(made[kind]()).toMatchObject(like);
    const error = await returned(kind);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject(like);
  });
});
