import { AssertionError } from 'node:assert';

import { createPool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { ExportedError, RegisteredError, UnknownError } from '../../fixtures/context/errors-of-a-module.js';
import { assertsInVain, readsMissingFile, rejectsOnPurpose, throwsOnPurpose } from '../../fixtures/context/throws.js';
import { rejection } from './rejection.ts';
import { runtimes } from '../../pool/helpers.ts';

describe.each(runtimes)('from %s', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  const thrown = (kind: string) => rejection(pool.run(throwsOnPurpose, [kind])) as Promise<any>;

  describe('a built-in error arrives unchanged', () => {
    const classes = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };

    it.each(Object.entries(classes))('%s', async (kind, errorClass) => {
      for (const task of [throwsOnPurpose, rejectsOnPurpose]) {
        const error = (await rejection(pool.run(task, [kind]))) as Error;
        expect(Object.getPrototypeOf(error)).toBe(errorClass.prototype);
        expect(error).toMatchObject({ name: kind, message: 'm' });
        expect(error.stack).toMatch(new RegExp(`^${kind}: m\n    at `));
        expect(Object.keys(error)).toEqual([]);
        expect('cause' in error).toBe(false);
      }
    });

    it('with an empty message', async () => {
      expect((await thrown('withoutMessage')).message).toBe('');
    });

    it('DOMException, with its name and legacy code', async () => {
      const abort = await thrown('abort');
      expect(abort).toBeInstanceOf(DOMException);
      expect(abort).toMatchObject({ name: 'AbortError', message: 'stopped', code: DOMException.ABORT_ERR });
      expect(await thrown('dataClone')).toMatchObject({ name: 'DataCloneError', code: DOMException.DATA_CLONE_ERR });
    });

    it('AggregateError, with its errors in order, their classes and causes, and members that are not errors', async () => {
      const error = await thrown('aggregate');
      expect(error).toBeInstanceOf(AggregateError);
      expect(error.message).toBe('all failed');
      expect(error.errors).toHaveLength(3);
      expect(error.errors[0]).toBeInstanceOf(TypeError);
      expect(error.errors[0].message).toBe('first');
      expect(error.errors[1]).toBe('second');
      expect(error.errors[2]).toMatchObject({ message: 'third', cause: 3 });
      expect(Object.keys(error)).toEqual([]);
    });

    it('a system error of node:fs, with code, errno, syscall and path', async () => {
      const error = (await rejection(pool.run(readsMissingFile, []))) as NodeJS.ErrnoException;
      expect(error).toBeInstanceOf(Error);
      expect({ ...error }).toEqual({ code: 'ENOENT', errno: expect.any(Number), syscall: 'open', path: '/no/such/file' });
      expect(error.message).toMatch(/^ENOENT: no such file or directory/);
    });

    it('AssertionError, with the compared values', async () => {
      const error = (await rejection(pool.run(assertsInVain, []))) as AssertionError;
      expect(error).toBeInstanceOf(AssertionError);
      expect(error).toMatchObject({ name: 'AssertionError', code: 'ERR_ASSERTION', actual: { a: 1 }, expected: { a: 2 }, operator: 'deepStrictEqual' });
      expect(error.message).toContain('they differ');
    });
  });

  describe('the properties of an error arrive with it', () => {
    it('its cause, three deep, each of its class', async () => {
      const error = await thrown('nested');
      expect(error.message).toBe('top');
      expect(error.cause).toBeInstanceOf(TypeError);
      expect(error.cause.cause).toBeInstanceOf(RangeError);
      expect(error.cause.cause).toMatchObject({ message: 'bottom', cause: 'the root' });
      expect(Object.keys(error)).toEqual([]);
    });

    it('a cause that is present and undefined', async () => {
      const error = await thrown('causeUndefined');
      expect(Object.hasOwn(error, 'cause')).toBe(true);
      expect(error.cause).toBeUndefined();
    });

    it('a cause that leads back to the error', async () => {
      const error = await thrown('cyclic');
      expect(error.message).toBe('outer');
      expect(error.cause.message).toBe('inner');
      expect(error.cause.cause).toBe(error);
    });

    it('itself, among its own errors', async () => {
      const error = await thrown('selfMember');
      expect(error.errors).toHaveLength(1);
      expect(error.errors[0]).toBe(error);
    });

    it('hundreds of causes', async () => {
      let depth = 0;
      let error = await thrown('hundredsOfCauses');
      while (error.cause !== undefined) {
        error = error.cause;
        depth++;
      }
      expect(depth).toBe(500);
      expect(error.message).toBe('the root');
    });

    it('its code and its own properties', async () => {
      const error = await thrown('owned');
      expect({ ...error }).toEqual({ code: 'E_MINE', status: 503, data: { rows: [1, 2n, new Date(0)] } });
    });

    it('a property named __proto__, which stays a property', async () => {
      const error = await thrown('hostile');
      expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
      expect(Object.getOwnPropertyDescriptor(error, '__proto__')?.value).toEqual({ polluted: true });
      expect(error.polluted).toBeUndefined();
    });

    it('a Buffer among its properties, which stays a Buffer', async () => {
      const { body, deep } = await thrown('withBuffer');
      expect([Buffer.isBuffer(body), Buffer.isBuffer(deep.list[0])]).toEqual([true, true]);
      expect([String(body), String(deep.list[0])]).toEqual(['bytes', 'bytes']);
    });

    it('a class instance among its properties, as a description of it: its class would be lost', async () => {
      const error = await thrown('withInstance');
      expect(error).toMatchObject({ message: 'm', kept: 1 });
      expect(error.point).toMatch(/Point/);
    });

    it('a property that cannot be cloned, as a description of it, and the rest as it is', async () => {
      const error = await thrown('uncloneableProps');
      expect(error).toMatchObject({ message: 'm', code: 'E_REQUEST', kept: 1 });
      expect(error.socket).toMatch(/function/i);
    });
  });

  describe('an error of the user’s own class', () => {
    it('that the task’s module exports is an instance of it, methods and all', async () => {
      const error = await thrown('exported');
      expect(error).toBeInstanceOf(ExportedError);
      expect(error).toMatchObject({ name: 'ExportedError', message: 'exported', status: 503, isRetryable: true });
      expect(error.cause).toBeInstanceOf(ExportedError);
      expect(error.cause).toMatchObject({ message: 'its cause', status: 404, isRetryable: false });
    });

    it('with its name on the prototype gets no own name', async () => {
      expect(Object.hasOwn(await thrown('exported'), 'name')).toBe(false);
    });

    it('that was given to offload() is an instance of it', async () => {
      const error = await thrown('registered');
      expect(error).toBeInstanceOf(RegisteredError);
      expect(error).toMatchObject({ name: 'RegisteredError', message: 'registered', detail: { deep: ['data'] } });
    });

    it('that is not known becomes its nearest built-in class, and keeps its name', async () => {
      const error = await thrown('unknown');
      expect(error).not.toBeInstanceOf(UnknownError);
      expect(Object.getPrototypeOf(error)).toBe(TypeError.prototype);
      expect(error).toMatchObject({ name: 'UnknownError', message: 'unknown' });
      expect(Object.keys(error)).toEqual([]);
    });

    it('is made without its constructor', async () => {
      // ExportedError's constructor would throw without its second argument.
      await expect(pool.run(throwsOnPurpose, ['exported'])).rejects.toMatchObject({ status: 503 });
    });

    it('keeps a name that was assigned', async () => {
      expect(await thrown('nameByHand')).toMatchObject({ name: 'ByHand', message: 'm' });
    });
  });

  describe('a thrown value that is not an error', () => {
    it.each([
      ['text', 'a text'],
      ['number', 42],
      ['null', null],
      ['undefined', undefined],
      ['bigint', 7n],
      ['object', { status: 404, at: new Date(0) }],
    ])('rejects the call with itself: %s', async (kind, value) => {
      for (const task of [throwsOnPurpose, rejectsOnPurpose]) expect(await rejection(pool.run(task, [kind]))).toStrictEqual(value);
    });

    it('that is a Buffer rejects the call with a Buffer', async () => {
      const value = await thrown('buffer');
      expect([Buffer.isBuffer(value), String(value)]).toEqual([true, 'bytes']);
    });

    it.each([
      ['function', /culprit.*function/],
      ['symbol', /Symbol\(s\)/],
      ['revokedProxy', /./],
    ])('that cannot cross as it is rejects the call with a description of itself: %s', async (kind, description) => {
      const value = await thrown(kind);
      expect(value).toEqual(expect.any(String));
      expect(value).toMatch(description);
    });
  });

  describe('a hostile error still arrives as the task’s error', () => {
    it('its getters throw', async () => {
      const error = await thrown('throwingGetters');
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ message: 'm', kept: 1 });
    });

    it('its stack throws', async () => {
      const error = await thrown('throwingStack');
      expect(error).toMatchObject({ name: 'Error', message: 'm' });
      expect(error.stack).toContain("at task 'throwsOnPurpose' (offloop worker)");
    });

    it('its name and message throw', async () => {
      const error = await thrown('throwingMessage');
      expect(error).toBeInstanceOf(Error);
      expect(error.message).toBe('');
      expect(error.code).toBeUndefined();
    });

    it('the errors of an AggregateError throw', async () => {
      expect(await thrown('throwingErrors')).toMatchObject({ name: 'AggregateError', message: 'm' });
    });

    it('the errors of an AggregateError are not a list', async () => {
      expect(await thrown('wrongErrors')).toMatchObject({ name: 'AggregateError', message: 'm' });
    });

    it('it has no stack', async () => {
      const error = await thrown('withoutStack');
      expect(error.message).toBe('m');
      expect(error.stack).toContain("at task 'throwsOnPurpose' (offloop worker)");
    });

    it('it is behind a proxy', async () => {
      expect(await thrown('proxied')).toMatchObject({ name: 'RangeError', message: 'behind a proxy' });
    });
  });

  it('the worker is still the same after all of this', () => {
    expect(pool.stats().workers).toMatchObject({ started: 1, crashed: 0, replaced: 0 });
  });
});
