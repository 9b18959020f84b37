import vm from 'node:vm';

import { createPool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { echo } from '../../fixtures/context/echoes.js';
import { gate, observed, runtimes } from '../../pool/helpers.ts';
import { waitsAt } from '../../fixtures/gates.js';
import { rejection, settled } from '../errors/rejection.ts';

describe.each(runtimes)('a value of another realm crosses to and from %s', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  it.each<[string, unknown]>([
    ['[1, [2]]', [1, [2]]],
    ['({ a: { b: [1] } })', { a: { b: [1] } }],
    ['new Map([[1, [2]]])', new Map([[1, [2]]])],
    ['new Set([[1]])', new Set([[1]])],
    ['new Date(0)', new Date(0)],
    ['/x/g', /x/g],
    ['new Uint8Array(new ArrayBuffer(9), 1, 3)', new Uint8Array(3)],
    ['new DataView(new ArrayBuffer(3))', new DataView(new ArrayBuffer(3))],
    ['new ArrayBuffer(3)', new ArrayBuffer(3)],
    ['new Number(1)', Object(1)],
    ['new RangeError("x")', new RangeError('x')],
  ])('%s', async (code, like) => {
    const value = vm.runInNewContext(code) as unknown;
    expect(await settled(pool.run(echo, [value]))).toStrictEqual(like);
    expect(await settled(pool.run(echo, [{ deep: [value] }]))).toStrictEqual({ deep: [like] });
  });

  it('as the list of arguments', async () => {
    expect(await settled(pool.run(echo, vm.runInNewContext('[[1], 2]')))).toEqual([[1], 2]);
  });

  it('a subclass of its Array is refused, and so are its symbol keys', async () => {
    expect(await rejection(pool.run(echo, [vm.runInNewContext('new (class List extends Array {})()')]))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE', message: expect.stringContaining('an instance of List') });
    expect(await rejection(pool.run(echo, [vm.runInNewContext('({ [Symbol("s")]: 1 })')]))).toMatchObject({ path: 'args[0].Symbol(s)' });
  });

  it('a signal, which aborts a call', async () => {
    const controller = new AbortController();
    // The signal is like jsdom's: an instance of another class that is also named AbortSignal.
    const signal = Object.create(Object.create(null, { [Symbol.toStringTag]: { value: 'AbortSignal' } }) as object, {
      aborted: { get: () => controller.signal.aborted },
      reason: { get: () => controller.signal.reason as unknown },
      addEventListener: { value: controller.signal.addEventListener.bind(controller.signal) },
      removeEventListener: { value: controller.signal.removeEventListener.bind(controller.signal) },
    }) as AbortSignal;
    const { options, started } = observed({ signal });
    const door = gate();
    const call = pool.run(waitsAt, [door.path, 1], options);
    await started;
    controller.abort(new Error('enough'));
    expect(await rejection(call)).toMatchObject({ message: 'enough' });
    door.open();
  });
});

it('a class that only has the name of a built-in class is refused', async () => {
  const pool = createPool({ maxThreads: 1, runtime: 'inline' });
  class Map {
    x = 1;
  }
  expect(await rejection(pool.run(echo, [new Map()]))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE', path: 'args[0]' });
  await pool.close();
});
