import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe, expect, it } from 'vitest';

import { isLoading } from '../../../src/watchdog/probe/start-up.ts';
import type { RawFrame } from '../../../src/watchdog/protocol/findings.ts';
import { boundaryOf, callOf, culpritOf, isStillIts, readableStack, shownStack, withoutJustBegun } from '../../../src/watchdog/report/stack.ts';
import type { Frame } from '../../../src/watchdog/types.ts';

const place = { line: 1, column: 1, isAsync: false, isEntry: false };
const raw = (name: string, file: string, more: Partial<RawFrame> = {}): RawFrame => ({ name, file, ...place, ...more });
/** The first frames of a captured stack, innermost first: offloop's own frame, and the expression that asked for the stack. */
const probe = [raw('Probe.look', new URL('../../../src/watchdog/probe/probe.ts', import.meta.url).href), raw('', '')];
const app = (name: string, more: Partial<RawFrame> = {}): RawFrame => raw(name, '/app/src/app.js', more);
const dependency = (name: string, of = 'ajv'): RawFrame => raw(name, `/app/node_modules/${of}/dist/index.js`);
const node = (name: string, file = 'node:fs'): RawFrame => raw(name, file);
const native = (name: string): RawFrame => raw(name, '', { line: 0, column: 0 });
const names = (stack: readonly (Frame | RawFrame)[]): string[] => stack.map((frame) => ('name' in frame ? frame.name : frame.function));
const readable = (...stack: RawFrame[]): Frame[] => readableStack([...probe, ...stack]);

describe('a readable stack', () => {
  it('has neither offloop’s own frames nor the evaluated expression', () => {
    expect(readable(app('spin'), app('handle'))).toEqual([
      { function: 'spin', file: '/app/src/app.js', line: 1, column: 1 },
      { function: 'handle', file: '/app/src/app.js', line: 1, column: 1 },
    ]);
  });

  it('has paths, packages, and a name for functions without one', () => {
    const path = resolve('/app/src/a b.js');
    const stack = readable(raw('', pathToFileURL(path).href), dependency('validate', '@scope/x'), raw('late', '/app/l.js', { isAsync: true }), native('RegExp.test'), raw('f', 'https://x.test/m.js'));
    expect(stack).toEqual([
      { function: '(anonymous)', file: path, line: 1, column: 1 },
      { function: 'validate', file: '/app/node_modules/@scope/x/dist/index.js', line: 1, column: 1, package: '@scope/x' },
      { function: 'late', file: '/app/l.js', line: 1, column: 1, isAsync: true },
      { function: 'RegExp.test', file: 'native', line: 0, column: 0 },
      { function: 'f', file: 'https://x.test/m.js', line: 1, column: 1 },
    ]);
  });

  it('keeps a URL that is no path', () => {
    expect(readable(raw('f', 'file://host%2f/x.js')).map(({ file }) => file)).toEqual(['file://host%2f/x.js']);
  });

  it('takes the innermost of nested dependencies', () => {
    expect(readable(raw('f', '/app/node_modules/a/node_modules/b/i.js'))[0]).toMatchObject({ package: 'b' });
    expect(readable(raw('f', String.raw`C:\app\node_modules\@s\b\i.js`))[0]).toMatchObject({ package: '@s/b' });
  });
});

describe('a stack as it is shown', () => {
  it.each<[string, RawFrame[], string[]]>([
    ['has what the innermost function called', [node('readSync'), node('readFileSync'), app('load')], ['readSync', 'readFileSync', 'load']],
    ['leaves out what called the outermost', [app('handle'), node('emit', 'node:events'), node('onread', 'node:net')], ['handle']],
    ['leaves out what is between', [app('onData'), node('emit', 'node:events'), app('parse')], ['onData', 'parse']],
    ['has what V8 brings, between as well', [native('Array.sort'), app('byName'), native('Array.map'), app('handle')], ['Array.sort', 'byName', 'Array.map', 'handle']],
    ['shows nothing of Node alone', [node('processTicksAndRejections', 'node:internal/process/task_queues')], []],
  ])('%s', (_what, stack, expected) => {
    expect(names(shownStack(readable(...stack)))).toEqual(expected);
  });
});

describe('the culprit', () => {
  it.each<[string, RawFrame[], string | undefined]>([
    ['is the innermost function of the application', [app('spin'), app('handle')], 'spin'],
    ['is who called Node', [node('pbkdf2Sync', 'node:internal/crypto/pbkdf2'), app('hash'), app('handle')], 'hash'],
    ['is who called V8', [native('JSON.parse'), app('read')], 'read'],
    ['is who called WebAssembly', [raw('wasm-function[3]', 'wasm://wasm/abc'), app('compute')], 'compute'],
    ['is nobody who only waits', [node('readSync'), app('handle', { isAsync: true })], undefined],
    ['is nobody where there is only Node', [node('listOnTimeout', 'node:internal/timers')], undefined],
  ])('%s', (_what, stack, expected) => {
    expect(culpritOf(readable(...stack))?.function).toBe(expected);
  });

  it('in a dependency comes with the application’s frame that called into it, through any frames between', () => {
    const culprit = culpritOf(readable(native('RegExp.exec'), dependency('match'), native('Array.map'), dependency('validate', 'other'), app('handle'), app('outer')));
    expect(culprit).toMatchObject({ function: 'match', package: 'ajv', calledFrom: { function: 'handle' } });
  });

  it('in a dependency without such a frame stands alone', () => {
    expect(culpritOf(readable(dependency('tick')))).toEqual({ function: 'tick', file: '/app/node_modules/ajv/dist/index.js', line: 1, column: 1, package: 'ajv' });
  });

  it('in a dependency may have been called by a frame that awaits it now', () => {
    expect(culpritOf(readable(dependency('parse'), app('handle', { isAsync: true })))).toMatchObject({ calledFrom: { function: 'handle', isAsync: true } });
  });
});

describe('the call', () => {
  it.each<[string, RawFrame[], string | undefined]>([
    ['is what the culprit called, not what that called', [node('tryReadSync'), node('readFileSync'), app('load')], 'readFileSync'],
    ['may be V8’s', [native('Array.sort'), app('rank')], 'Array.sort'],
    ['is none where the function itself computes', [app('spin')], undefined],
    ['is none where there is only Node', [node('readSync')], undefined],
  ])('%s', (_what, stack, expected) => {
    expect(callOf(readable(...stack))).toBe(expected);
  });
});

describe('the boundary', () => {
  const boundary = (...stacks: RawFrame[][]): string | undefined => boundaryOf(stacks.map((stack) => readable(...stack)))?.function;

  it.each<[string, RawFrame[][], string | undefined]>([
    ['of one sample is its innermost function', [[app('leaf'), app('handle')]], 'leaf'],
    ['is the deepest that all share', [[app('a'), app('work'), app('handle')], [app('b'), app('work'), app('handle')], [app('work'), app('handle')]], 'work'],
    ['is not below where they part', [[app('same'), app('a'), app('handle')], [app('same'), app('b'), app('handle')]], 'handle'],
    ['is the user’s', [[node('readSync'), native('Array.map'), app('work')], [native('Array.map'), app('work')]], 'work'],
    ['does not depend on the line', [[app('work', { line: 3 })], [app('work', { line: 9 })]], 'work'],
    ['tells functions without a name apart by their line', [[app('', { line: 3 }), app('handle')], [app('', { line: 9 }), app('handle')]], 'handle'],
    ['is what recurses, where the outermost frames are out of sight', [[app('walk'), app('walk'), app('walk')], [app('leaf'), app('walk'), app('walk'), app('walk')]], 'walk'],
    ['is found where the outermost frames differ', [[app('leaf'), app('walk'), app('x')], [app('walk'), app('y')]], 'walk'],
    ['ignores samples that hold nothing', [[app('work')], [node('emit', 'node:events')]], 'work'],
    ['is not who only waits', [[app('work'), app('handle', { isAsync: true })]], 'work'],
    ['is none where they share nothing', [[app('a')], [app('b')]], undefined],
    ['is none without a sample', [], undefined],
  ])('%s', (_what, stacks, expected) => {
    expect(boundary(...stacks)).toBe(expected);
  });
});

describe('what has just begun', () => {
  const begun = { isEntry: true };

  it.each<[string, RawFrame[], string[]]>([
    ['is left out: what called it is where the time went', [app('next', begun), app('handle')], ['handle']],
    ['is left out, one in another', [app('inner', begun), app('next', begun), app('handle')], ['handle']],
    ['stays where it is V8’s own', [{ ...native('Array.sort'), ...begun }, app('handle')], ['Array.sort', 'handle']],
    ['stays below what has not', [app('spin'), app('outer', begun)], ['spin', 'outer']],
    ['may be all there is', [app('next', begun)], []],
  ])('%s', (_what, stack, expected) => {
    expect(names(readableStack(withoutJustBegun([...probe, ...stack])))).toEqual(expected);
  });
});

describe('a context found at the return of a call', () => {
  const begun = { isEntry: true };

  it.each<[string, boolean, RawFrame[]]>([
    ['is the blocker’s while the blocker is on the stack', true, [app('handle')]],
    ['is the blocker’s below what has just begun', true, [app('next', begun), app('handle')]],
    ['is the blocker’s while only Node is on the stack', true, [node('callback', 'node:internal/timers')]],
    ['is the next one’s where nothing runs', false, []],
    ['is the next one’s where only that has just begun', false, [app('next', begun), node('listOnTimeout', 'node:internal/timers')]],
    ['is nobody’s where all only wait', false, [app('handle', { isAsync: true })]],
  ])('%s', (_what, expected, stack) => {
    expect(isStillIts([...probe, ...stack])).toBe(expected);
  });
});

describe('a process loads its modules', () => {
  it.each<[boolean, string, RawFrame[]]>([
    [true, 'where a module runs', [app('top'), node('ModuleJob.run', 'node:internal/modules/esm/module_job')]],
    [true, 'where a script of CommonJS runs', [app('require'), node('Module._compile', 'node:internal/modules/cjs/loader'), node('', 'node:internal/main/run_main_module')]],
    [true, 'whoever awaits it', [app('top'), node('run', 'node:internal/modules/run_main'), app('later', { isAsync: true })]],
    [false, 'where a callback imports something', [app('top'), node('Module._load', 'node:internal/modules/cjs/loader'), app('handle'), node('onImmediate', 'node:internal/timers')]],
    [false, 'where a callback runs', [app('spin'), node('processTimers', 'node:internal/timers')]],
    [false, 'where nothing runs', []],
  ])('%s %s', (expected, _where, stack) => {
    expect(isLoading([...probe, ...stack])).toBe(expected);
  });
});
