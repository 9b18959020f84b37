import { pathToFileURL } from 'node:url';

import { offload, type OffloadOptions, type RunOptions } from 'offloop';
import { describe, expect, it } from 'vitest';

import { callsInner } from '../fixtures/context/calls-inside.js';
import { echo } from '../fixtures/context/echoes.js';
import { requestStore } from '../fixtures/context/request-store.js';
import { throwsOnPurpose } from '../fixtures/context/throws.js';

const here = import.meta.filename;

describe('offload() refuses', () => {
  const work = () => function work() {};
  const cases: [what: string, act: () => unknown, says: RegExp][] = [
    ['an anonymous function', () => offload(import.meta, (() => () => undefined)()), /the function in file:.*offload\.test\.ts has no name.*`\{ name: 'resize' \}`/],
    ['an anonymous function with an empty name', () => offload(import.meta, (() => () => undefined)(), { name: '' }), /expected `name` to be a non-empty string, got `''` \(string\)/],
    ['a value that is no function', () => offload(import.meta, 'resize' as never), /offload\(\): expected a function, got `'resize'` \(string\)/],
    ['no module', () => offload((() => 1) as never, undefined as never), /offload\(\): pass the module first.*offload\(import\.meta, function name/],
    ['no function', () => offload(import.meta, undefined as never), /expected a function, got `undefined`/],
    ['options that are no object', () => offload(import.meta, work(), 'fast' as never), /offload\(\): expected the options to be an object, got `'fast'`/],
    ['an unknown option', () => offload(import.meta, work(), { timeOut: 1 } as OffloadOptions), /there is no option `timeOut`\. The options are .*`timeout`/],
    ['a timeout of 0', () => offload(import.meta, work(), { timeout: 0 }), /expected `timeout` to be a positive number of milliseconds, got `0` \(number\)/],
    ['a negative timeout', () => offload(import.meta, work(), { timeout: -1 }), /`timeout`/],
    ['a timeout that is NaN', () => offload(import.meta, work(), { timeout: NaN }), /`timeout`.*`NaN` \(number\)/],
    ['a timeout in text', () => offload(import.meta, work(), { timeout: '100' as never }), /`timeout`.*`'100'` \(string\)/],
    ['a priority that is no number', () => offload(import.meta, work(), { priority: 'high' as never }), /expected `priority` to be a finite number/],
    ['an infinite priority', () => offload(import.meta, work(), { priority: Infinity }), /`priority`/],
    ['errors that are no list', () => offload(import.meta, work(), { errors: RangeError as never }), /expected `errors` to be an array of error classes/],
    ['errors that are no classes', () => offload(import.meta, work(), { errors: ['RangeError' as never] }), /`errors`/],
    ['an http: module', () => offload('http://example.com/x.js', work()), /offload\(\): expected the module to be `import\.meta`, a file: URL or an absolute path, got `'http:/],
    ['an http: import.meta', () => offload({ url: 'https://example.com/x.js' } as ImportMeta, work()), /expected the module to be/],
    ['a relative path', () => offload('./x.js', work()), /expected the module to be .*got `'\.\/x\.js'` \(string\)/],
    ['no module', () => offload(undefined as never, work()), /expected the module to be .*got `undefined`/],
  ];

  it.each(cases)('%s', (_what, act, says) => {
    expect(act).toThrow(expect.objectContaining({ name: 'OptionError', code: 'OFFLOOP_OPTION' }));
    expect(act).toThrow(says);
  });

  it('a second task of the same name in one module', () => {
    offload(import.meta, function taken() { return 'first'; });
    const act = () => offload(import.meta, function taken() { return 'second'; });
    expect(act).toThrow(expect.objectContaining({ name: 'DuplicateNameError', code: 'OFFLOOP_DUPLICATE_NAME' }));
    expect(act).toThrow(/file:.*offload\.test\.ts has a task named 'taken' already\. .*\{ name: '…' \}/);
    expect(() => offload(import.meta, function other() { return 'third'; }, { name: 'taken' })).toThrow(/'taken' already/);
  });
});

describe('a task', () => {
  const add = offload(import.meta, function add(a: number, b: number) { return a + b; });

  it('has its function’s name, and its module as a file: URL', () => {
    expect(add).toBeTypeOf('function');
    expect(add.name).toBe('add');
    expect(add.taskName).toBe('add');
    expect(add.module).toBe(pathToFileURL(here).href);
  });

  it('has the name of the option `name`, which an anonymous function needs', () => {
    const named = offload(import.meta, (() => () => undefined)(), { name: 'given' });
    expect([named.name, named.taskName]).toEqual(['given', 'given']);
  });

  it('takes its name from the variable of an arrow function', () => {
    const arrow = () => 1;
    expect(offload(import.meta, arrow).taskName).toBe('arrow');
  });

  it('finds its module by URL, text or path as well', () => {
    const modules = [new URL(import.meta.url), import.meta.url, here];
    expect(modules.map((module, i) => offload(module, function work() {}, { name: `work${String(i)}` }).module)).toEqual(modules.map(() => pathToFileURL(here).href));
  });

  it('may have the name of a task in another module', () => {
    expect(offload(here.replace('offload.test', 'another'), function add() {}).taskName).toBe('add');
  });

  it('calls the function itself by inline(): on this thread, with the same values, and synchronously', () => {
    expect(add.inline(1, 2)).toBe(3);
    const value = { fn: () => undefined };
    expect(offload(import.meta, function same(v: unknown) { return v; }).inline(value)).toBe(value);
    const failing = offload(import.meta, function failing() { throw new RangeError('now'); });
    expect(() => failing.inline()).toThrow(new RangeError('now'));
    requestStore.run('here', () => {
      expect(offload(import.meta, function reads() { return requestStore.getStore(); }).inline()).toBe('here');
    });
  });

  it('runs on the default pool, on another thread, when it is called as a function', async () => {
    const { outer } = await callsInner();
    expect(outer.threadId).not.toBe(0);
    expect(await echo({ a: [1] })).toEqual({ a: [1] });
    await expect(throwsOnPurpose('RangeError')).rejects.toBeInstanceOf(RangeError);
  });

  it('always returns a promise, also when the call itself is refused', async () => {
    const refused = echo(new (class Point { x = 1; })());
    expect(refused).toBeInstanceOf(Promise);
    await expect(refused).rejects.toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE', path: 'args[0]' });
  });

  it('can be awaited together with other calls', async () => {
    expect(await Promise.all([1, 2, 3].map((n) => echo(n)))).toEqual([1, 2, 3]);
  });
});

describe('with()', () => {
  const bad: [what: string, options: unknown, says: RegExp][] = [
    ['no options', undefined, /echo\.with\(\): expected the options to be an object, got `undefined`/],
    ['an unknown option', { retries: 3 }, /there is no option `retries`/],
    ['a signal that is no AbortSignal', { signal: new AbortController() }, /expected `signal` to be an AbortSignal, got .*AbortController/],
    ['a timeout of 0', { timeout: 0 }, /expected `timeout` to be a positive number/],
    ['a deadline that is a Date', { deadline: new Date() }, /expected `deadline` to be a finite number/],
    ['a deadline that is NaN', { deadline: NaN }, /`deadline`/],
    ['a priority in text', { priority: '1' }, /`priority`/],
    ['a transfer that is no list', { transfer: new ArrayBuffer(1) }, /expected `transfer` to be an array/],
    ['an unknown context', { context: 'all' }, /expected `context` to be 'inherit', 'none' or a carrier, got `'all'` \(string\)/],
    ['an onProgress that is no function', { onProgress: {} }, /expected `onProgress` to be a function/],
  ];

  it.each(bad)('throws at once for %s', (_what, options, says) => {
    const act = () => echo.with(options as RunOptions);
    expect(act).toThrow(expect.objectContaining({ name: 'OptionError', code: 'OFFLOOP_OPTION' }));
    expect(act).toThrow(says);
  });

  it('returns a function that can be called many times', async () => {
    const call = echo.with({ priority: 1 });
    expect(await Promise.all([call(1), call('two')])).toEqual([1, 'two']);
  });

  it('copies its options', async () => {
    const options: RunOptions = {};
    const call = echo.with(options);
    options.signal = AbortSignal.abort(new Error('too late'));
    expect(await call(1)).toBe(1);
  });

  it('takes undefined for an absent option', async () => {
    expect(await echo.with({ timeout: undefined, signal: undefined, context: undefined } as never)(1)).toBe(1);
  });

  it('rejects with the very reason of a signal that is aborted already', async () => {
    for (const reason of [new RangeError('mine'), 'text', null]) {
      await expect(echo.with({ signal: AbortSignal.abort(reason) })(1)).rejects.toBe(reason);
    }
  });
});
