import { createPool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { HttpProblem, StaticName, throwsMade, type Made } from '../../fixtures/context/values.js';
import { zodThrows } from '../../fixtures/context/zod-throws.js';
import { rejection } from '../errors/rejection.ts';
import { runtimes } from '../../pool/helpers.ts';

describe.each(runtimes)('a value that is thrown in %s', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  const thrown = (kind: Made) => rejection(pool.run(throwsMade, [kind])) as Promise<any>;

  it('keeps an error’s own list of errors: texts, as yup has them, and errors', async () => {
    const error = await thrown('yup');
    expect(error.errors).toEqual(['a is required', 'b is required']);
    expect(error.inner[0]).toBeInstanceOf(Error);
    expect(error.inner[0]).toMatchObject({ message: 'a', path: 'a' });
  });

  it('keeps plain objects in it, as ajv has them', async () => {
    expect(await thrown('ajv')).toMatchObject({ message: 'validation failed', errors: [{ instancePath: '/a', keyword: 'type' }], ajv: true });
  });

  it('keeps errors by name, as mongoose has them, and describes those of their parts that cannot cross', async () => {
    const { errors } = await thrown('mongoose');
    expect(errors.name).toBeInstanceOf(Error);
    expect(errors.name).toMatchObject({ message: 'name', kind: 'required', properties: expect.stringMatching(/validator/) });
    expect(errors.plain).toBe(1);
  });

  it('is an instance of its class, where the task’s module exports a class that is no error class', async () => {
    const problem = await thrown('problem');
    expect(problem).toBeInstanceOf(HttpProblem);
    expect([problem.status, problem.isClientsFault, Buffer.isBuffer(problem.body)]).toEqual([404, true, true]);
  });

  it.each<[Made, unknown]>([
    ['instance', { status: 1, retry: expect.stringMatching(/function/) }],
    ['object with a function', { status: 404, retry: expect.stringMatching(/function/) }],
    ['list with a function', [404, expect.stringMatching(/function/)]],
  ])('is plain data, and not only a description, where some of its parts can cross: %s', async (kind, data) => {
    expect(await thrown(kind)).toStrictEqual(data);
  });

  it('is a description where none of its parts can cross', async () => {
    expect(await thrown('empty instance')).toMatch(/Empty/);
  });

  it.each<[Made, object]>([
    ['own instanceof', { message: 'm', issues: [{ path: ['a'] }] }],
    ['made by hand', { name: 'TypeError', message: 'm', code: 'E' }],
    ['of another realm', { name: 'RangeError', message: 'm', code: 'E', list: [{}] }],
    ['static number', { message: 'mine' }],
    ['static getter', { message: 'mine' }],
  ])('is an error where it was an error: %s', async (kind, like) => {
    const error = await thrown(kind);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject(like);
  });

  it('has its class, where that has a static `name` of its own', async () => {
    const error = await thrown('static name');
    expect(error).toBeInstanceOf(StaticName);
    expect(error.message).toBe('mine');
  });

  it.each(['known', 'unknown'] as const)('is an error with its issues, when zod 4 throws it, whose class is %s here', async (how) => {
    const error = (await rejection(pool.run(zodThrows[how], []))) as any;
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'ZodError', issues: [{ code: 'invalid_type', path: ['a'] }], stack: expect.stringContaining('zod-throws.js') });
  });
});
