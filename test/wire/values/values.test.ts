import { Socket } from 'node:net';

import { createPool, NotCloneableError } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { echo, tells } from '../../fixtures/context/echoes.js';
import { catchesRefusedProgress, returnsIt, returnsMap, returnsNested, tellsNested } from '../../fixtures/context/returns-uncloneable.js';
import { rejection } from '../errors/rejection.ts';
import { runtimes } from '../../pool/helpers.ts';

class Point {
  x = 1;
}

const culprits: Record<string, () => unknown> = {
  function: () => () => undefined,
  symbol: () => Symbol('s'),
  instance: () => new Point(),
  socket: () => new Socket(),
  url: () => new URL('https://example.com/'),
  proxy: () => new Proxy({}, {}),
  promise: () => Promise.resolve(),
  weakMap: () => new WeakMap(),
};

describe.each(runtimes)('to and from %s', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  describe.each(Object.keys(culprits))('a value that cannot cross (%s)', (kind) => {
    const culprit = () => culprits[kind]?.();

    it('is refused as an argument, with its exact path', async () => {
      const nested = { rows: [{ fine: true }, { value: culprit() }] };
      await expectRefused(pool.run(echo, [culprit()]), 'args[0]');
      await expectRefused(pool.run(echo, ['fine', nested]), 'args[1].rows[1].value');
      await expectRefused(pool.run(echo, [null, [[culprit()]]]), 'args[1][0][0]');
    });

    it('is refused as a result, with its exact path', async () => {
      await expectRefused(pool.run(returnsIt, [kind === 'promise' ? 'weakMap' : kind]), 'result');
      await expectRefused(pool.run(returnsNested, [kind]), 'result.rows[1].value');
    });

    it('is refused as progress, with its exact path', async () => {
      await expectRefused(pool.run(tellsNested, [kind], { onProgress: () => undefined }), 'progress.rows[1].value');
    });
  });

  describe('a value that cannot cross', () => {
    it('is named inside a Map by its key', async () => {
      const error = await expectRefused(pool.run(echo, [new Map([['fine', {}], ['culprit', { value: () => undefined }]])]));
      expect(error.path).toMatch(/^args\[0\]\.get\(.*culprit.*\)\.value$/);
      const inResult = await expectRefused(pool.run(returnsMap, []));
      expect(inResult.path).toMatch(/^result\.get\(.*culprit.*\)\.value$/);
    });

    it('is named as a Map’s key and as a Set’s member', async () => {
      const asKey = await expectRefused(pool.run(echo, [new Map([[() => undefined, 1]])]));
      expect(asKey.path).toMatch(/^args\[0\]\.keys\(\)/);
      await expectRefused(pool.run(echo, [new Set([1, () => undefined])]), 'args[0][1]');
    });

    it('may be a getter that throws, which is named', async () => {
      const value = Object.defineProperty({}, 'broken', { enumerable: true, get: () => { throw new Error('no'); } });
      await expectRefused(pool.run(echo, [{ value }]), 'args[0].value.broken');
    });

    it('may be a symbol key, which would vanish', async () => {
      await expectRefused(pool.run(echo, [{ list: [{ [Symbol('hidden')]: 1 }] }]), 'args[0].list[0].Symbol(hidden)');
    });

    it('is described in the error, with advice', async () => {
      const aboutFunction = await expectRefused(pool.run(echo, [{ onDone: () => undefined }]));
      expect(aboutFunction.message).toMatch(/`args\[0\]\.onDone` .*function.* cannot cross/);
      const aboutInstance = await expectRefused(pool.run(echo, [{ point: new Point() }]));
      expect(aboutInstance.message).toMatch(/`args\[0\]\.point` is an instance of Point/);
      for (const { message } of [aboutFunction, aboutInstance]) expect(message).toMatch(/Leave it out|Pass plain data/);
    });

    it('is refused with the clone’s own error as the cause', async () => {
      const { cause } = await expectRefused(pool.run(echo, [() => undefined]));
      expect(cause).toBeInstanceOf(Error);
      expect((cause as Error).message).toContain('could not be cloned');
    });

    it('is refused with a stack that leads to the caller', async () => {
      async function theCaller(value: unknown): Promise<void> {
        await pool.run(echo, [value]);
      }
      const surveyed = await rejection(theCaller(new Point()));
      expect((surveyed as Error).stack).toContain('theCaller');
      const posted = await rejection(theCaller(() => undefined));
      expect((posted as Error).stack).toContain('theCaller');
    });

    it('throws in the task itself, as progress', async () => {
      expect(await pool.run(catchesRefusedProgress, [])).toBe('OFFLOOP_NOT_CLONEABLE at progress');
    });

    it('fails no other call, and ends no worker', async () => {
      const outcomes = await Promise.allSettled([pool.run(echo, [1]), pool.run(echo, [() => undefined]), pool.run(returnsIt, ['function']), pool.run(echo, [2])]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
      expect(pool.stats().workers).toMatchObject({ crashed: 0, replaced: 0, started: 1 });
    });
  });

  describe('a value that structured clone keeps arrives unchanged', () => {
    const kept: Record<string, unknown> = {
      Int8Array: new Int8Array([-1]),
      Uint8ClampedArray: new Uint8ClampedArray([255]),
      Int16Array: new Int16Array([-300]),
      Float32Array: new Float32Array([0.5]),
      Float64Array: new Float64Array([0.1]),
      BigInt64Array: new BigInt64Array([-1n]),
      DataView: new DataView(new ArrayBuffer(2)),
      ArrayBuffer: new ArrayBuffer(8),
      Map: new Map<unknown, unknown>([[{ key: 1 }, new Set([1])], ['a', new Map()]]),
      Set: new Set<unknown>(['a', { b: 1 }]),
      Date: new Date(1e12),
      'invalid Date': new Date(NaN),
      RegExp: /a(?<name>b)/giu,
      BigInt: 2n ** 70n,
      '-0': -0,
      NaN,
      undefined: undefined,
      'lone surrogate': '\uD800',
      Error: new TypeError('as data'),
      'null prototype': Object.assign(Object.create(null) as object, { a: 1 }),
      'boxed number': Object(1),
    };

    it.each(Object.entries(kept))('%s', async (_name, value) => {
      const back = await pool.run(echo, [value]);
      expect(Object.prototype.toString.call(back)).toBe(Object.prototype.toString.call(value));
      if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === null) expect(back).toEqual({ a: 1 });
      else expect(back).toStrictEqual(value);
    });

    it.runIf(runtime !== 'processes')('SharedArrayBuffer (not to a process, which shares no memory), and both sides see the same memory', async () => {
      const shared = new SharedArrayBuffer(4);
      const back = await pool.run(echo, [shared]);
      new Int32Array(shared)[0] = 7;
      expect(back).toBeInstanceOf(SharedArrayBuffer);
      expect(new Int32Array(back as SharedArrayBuffer)[0]).toBe(7);
    });

    it('a cycle, and an object that occurs twice', async () => {
      const shared = { n: 1 };
      const value: Record<string, unknown> = { one: shared, other: shared };
      value.self = value;
      const back = (await pool.run(echo, [value])) as any;
      expect(back.self).toBe(back);
      expect(back.one).toBe(back.other);
    });

    it('several arguments, and none', async () => {
      expect(await pool.run(echo, [1, 'two', [3]])).toEqual([1, 'two', [3]]);
      expect(await pool.run(echo, [])).toBeUndefined();
    });

    it('progress, in order and before the call settles', async () => {
      const heard: unknown[] = [];
      const value = { at: new Date(0), map: new Map([[1, 2n]]) };
      await pool.run(tells, [value], { onProgress: (one) => heard.push(one) });
      expect(heard).toStrictEqual([value]);
    });
  });
});

async function expectRefused(call: Promise<unknown>, path?: string): Promise<NotCloneableError> {
  const error = (await rejection(call)) as NotCloneableError;
  expect(error).toBeInstanceOf(NotCloneableError);
  expect(error).toMatchObject({ name: 'NotCloneableError', code: 'OFFLOOP_NOT_CLONEABLE' });
  if (path !== undefined) expect(error.path).toBe(path);
  return error;
}
