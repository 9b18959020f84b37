import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { advise } from '../../../src/watchdog/report/advice.ts';
import { kindNames } from '../../../src/watchdog/stall-kinds.ts';
import type { Advice, Frame, Stall } from '../../../src/watchdog/types.ts';

type Seen = Omit<Stall, 'advice'>;

const at = (name: string, file = '/app/orders.js', line = 10, more: Partial<Frame> = {}): Frame => ({ function: name, file, line, column: 3, ...more });
const native = (name: string): Frame => at(name, 'native', 0);

const validate = at('validate');
const handler = at('handler', '/app/server.js', 5);
const emit = at('Server.emit', 'node:events', 519);
const express = at('Layer.handle', '/app/node_modules/express/lib/layer.js', 95, { package: 'express' });
const check = at('check', '/app/node_modules/ajv/dist/core.js', 88, { package: 'ajv' });
const ajv = at('Ajv.validate', '/app/node_modules/ajv/dist/ajv.js', 20, { package: 'ajv' });

function stall(more: Partial<Seen>): Seen {
  return { startedAt: 0, duration: 500, kind: 'javascript', confidence: 'live', samples: [], context: {}, ...more };
}

/** A stall as the watchdog sees it: one sample, in which the culprit follows the call that the culprit made. */
function blockedIn(culprit: Frame, more: Partial<Seen> = {}): Seen {
  const { call, samples = [[...(call === undefined ? [] : [native(call)]), culprit]] } = more;
  return stall({ culprit, boundary: culprit, ...more, samples });
}

const AT_RETURN = 'Caught at the return of a call that this function made, or a function it called.';
const offloadValidate = 'Run `validate` (orders.js:10) on a worker: `export const validate = offload(import.meta, function validate(…) {…});`';

describe('what no change of a call would cure', () => {
  it.each<[string, Partial<Seen>, Advice]>([
    [
      'a suspended process',
      { kind: 'suspended' },
      { action: 'none', text: 'The whole process stood still: it was stopped, or the machine slept. There is nothing to change in the code.' },
    ],
    [
      'a starved process',
      { kind: 'starved', culprit: validate, call: 'readFileSync' },
      {
        action: 'add-cpu',
        text:
          'The event loop was ready to run and got no CPU. ' +
          'Raise the CPU limit (quota) of the container, or run fewer busy processes and threads beside it.',
      },
    ],
    [
      'garbage',
      { kind: 'gc', culprit: validate },
      {
        action: 'reduce-garbage',
        text:
          'Garbage collection blocked the event loop, with `validate` (orders.js:10) on the stack. Create fewer short-lived objects there, ' +
          'stream the data instead of collecting it, or give the heap more room: `node --max-old-space-size=<MB>`.',
      },
    ],
  ])('%s', (_title, seen, advice) => {
    expect(advise(stall(seen))).toEqual(advice);
  });

  it('garbage is advised on without a stack, too', () => {
    expect(advise(stall({ kind: 'gc', confidence: 'none' }))).toEqual({
      action: 'reduce-garbage',
      text: expect.stringMatching(/^Garbage collection blocked the event loop\. Create fewer/),
    });
  });
});

describe('a task that ran inline', () => {
  it('is to be called as a task', () => {
    expect(advise(blockedIn(validate, { task: 'resize', call: 'readFileSync' }))).toEqual({
      action: 'offload',
      text: "The task `resize` ran on the event loop. Call `resize(…)` instead of `resize.inline(…)`; if its pool has `runtime: 'inline'`, give that threads.",
    });
  });

  it('may have a name that is no identifier', () => {
    expect(advise(stall({ task: 'resize image', confidence: 'none' })).text).toBe(
      "The task `resize image` ran on the event loop. Call the task itself instead of its `inline()`; if its pool has `runtime: 'inline'`, give that threads.",
    );
  });
});

describe('a call with an asynchronous twin', () => {
  const loadConfig = at('loadConfig', '/app/config.js', 12);

  it.each<[string, Partial<Seen>, string]>([
    ['readFileSync', { kind: 'blocking-io' }, '`readFileSync(…)` by `await readFile(…)` from node:fs/promises.'],
    [
      'pbkdf2Sync',
      { kind: 'native', confidence: 'at-return' },
      '`pbkdf2Sync(…)` by `await promisify(pbkdf2)(…)`, with `pbkdf2` from node:crypto and `promisify` from node:util.',
    ],
    [
      'execSync',
      { kind: 'blocking-io', confidence: 'at-return' },
      '`execSync(…)` by `const { stdout } = await promisify(exec)(…)`, with `exec` from node:child_process and `promisify` from node:util.',
    ],
    [
      'spawnSync',
      { kind: 'blocking-io' },
      "`spawnSync(…)` by `const [code] = await once(spawn(…), 'close')`, with `spawn` from node:child_process and `once` from node:events.",
    ],
    [
      'syncBufferWrapper',
      { kind: 'native' },
      'the synchronous call of node:zlib by its asynchronous form, such as `gzipSync(…)` by `await promisify(gzip)(…)`, ' +
        'with `gzip` from node:zlib and `promisify` from node:util.',
    ],
    [
      'Object.syncBufferWrapper [as gunzipSync]',
      {},
      '`gunzipSync(…)` by `await promisify(gunzip)(…)`, with `gunzip` from node:zlib and `promisify` from node:util.',
    ],
    ['Atomics.wait', { kind: 'blocking-io' }, '`Atomics.wait(…)` by `await Atomics.waitAsync(…).value`.'],
    ['Dir.readSync', { kind: 'blocking-io' }, '`Dir.readSync(…)` by `await dir.read(…)`.'],
    ['globSync', { kind: 'blocking-io' }, '`globSync(…)` by `for await (const item of glob(…))` from node:fs/promises.'],
    ['readFileSync', { kind: 'native', confidence: 'at-return' }, `\`readFileSync(…)\` by \`await readFile(…)\` from node:fs/promises. ${AT_RETURN}`],
  ])('%s %o', (call, seen, change) => {
    expect(advise(blockedIn(loadConfig, { call, ...seen }))).toEqual({ action: 'use-async-api', text: `In \`loadConfig\` (config.js:12) replace ${change}` });
  });

  it('is named without a culprit, too', () => {
    expect(advise(stall({ call: 'readFileSync', kind: 'blocking-io' })).text).toBe('Replace `readFileSync(…)` by `await readFile(…)` from node:fs/promises.');
  });

  it('is to be avoided where a dependency makes it', () => {
    const hash = at('hash', '/app/node_modules/keys/index.js', 9, { package: 'keys', calledFrom: at('login', '/app/login.js', 3) });
    expect(advise(blockedIn(hash, { call: 'pbkdf2Sync', kind: 'native' }))).toEqual({
      action: 'use-async-api',
      text:
        '`hash` (index.js:9) of keys calls `pbkdf2Sync(…)`. ' +
        'In `login` (login.js:3) use an asynchronous function of keys, one that calls `pbkdf2`; failing that, offload the call.',
    });
  });

  it('is not blamed where a loop makes it only now and then', () => {
    const passing = [[at('existsSync', 'node:fs', 1), validate], [validate], [validate]];
    expect(advise(blockedIn(validate, { call: 'existsSync', samples: passing }))).toEqual({ action: 'offload', text: offloadValidate });
    const always = passing.map(() => [at('Object.existsSync', 'node:fs', 1), validate]);
    expect(advise(blockedIn(validate, { call: 'existsSync', samples: always })).action).toBe('use-async-api');
  });
});

describe('what computes', () => {
  it.each<[string, Seen, string]>([
    ['JavaScript', blockedIn(validate), offloadValidate],
    ['the boundary, not the culprit', blockedIn(at('inner'), { boundary: validate }), offloadValidate],
    ['a culprit without a boundary', stall({ culprit: validate, samples: [[validate], [handler]] }), offloadValidate],
    ['a native call that had returned', blockedIn(validate, { kind: 'native', confidence: 'at-return' }), `${offloadValidate} ${AT_RETURN}`],
    [
      'JSON.parse',
      blockedIn(validate, { kind: 'native', call: 'JSON.parse' }),
      `${offloadValidate} Copying a large result back blocks, too: move the work around it along, or stream.`,
    ],
    [
      'structuredClone',
      blockedIn(validate, { kind: 'native', confidence: 'at-return', call: 'structuredClone' }),
      `${offloadValidate} ${AT_RETURN} Copying a large result back blocks, too: move the work around it along, or stream.`,
    ],
    ['RegExp.test', blockedIn(validate, { call: 'RegExp.test' }), `${offloadValidate} The pattern may be backtracking: check it, too.`],
    ['String.replace', blockedIn(validate, { call: 'String.replace' }), `${offloadValidate} The pattern may be backtracking: check it, too.`],
    ['Array.sort', blockedIn(validate, { kind: 'native', call: 'Array.sort' }), offloadValidate],
    ['an innocent getter', blockedIn(validate, { kind: 'native', call: 'get length [as length]' }), offloadValidate],
    ['what has no twin', blockedIn(validate, { kind: 'blocking-io', call: 'StatementSync.all' }), `\`StatementSync.all\` has no asynchronous form. ${offloadValidate}`],
    [
      'a frame of Node as the boundary',
      blockedIn(validate, { boundary: emit }),
      offloadValidate,
    ],
  ])('%s is offloaded', (_title, seen, text) => {
    expect(advise(seen)).toEqual({ action: 'offload', text });
  });

  it.each([
    ['Object.parse', 'parse'],
    ['Object.inner [as parse]', 'inner'],
    ['Object.<anonymous> [as parse]', 'parse'],
    ['async parse', 'parse'],
    ['get parsed', 'parsed'],
    ['Foo.#parse', 'parse'],
    ['exports.parse', 'parse'],
    ['new Parser', 'createParser'],
    ['Object.delete', 'deleteTask'],
    ['offload', 'offloadTask'],
    ['größe', 'größe'],
    ['$', '$'],
    ['Foo.[Symbol.iterator]', 'iterator'],
  ])('%s is declared as %s', (name, id) => {
    expect(advise(blockedIn(at(name))).text).toContain(`\`export const ${id} = offload(import.meta, function ${id}(…) {…});\``);
  });

  it.each(['(anonymous)', '<anonymous>', 'Object.<anonymous>', ''])('advice asks for a name: %j', (name) => {
    expect(advise(blockedIn(at(name)))).toEqual({
      action: 'offload',
      text: 'Name the function at orders.js:10, and run it on a worker: `export const work = offload(import.meta, function work(…) {…});`',
    });
  });

  it('a method needs what it uses of its object', () => {
    expect(advise(blockedIn(at('Validator.check'))).text).toBe(
      'Run `Validator.check` (orders.js:10) on a worker: `export const check = offload(import.meta, function check(…) {…});` Pass in what it uses of `this`.',
    );
    expect(advise(blockedIn(at('Object.check'))).text).not.toContain('this');
  });

  it.each([
    ['the server', emit],
    ['a framework', express],
  ])('a handler that %s calls keeps its request and gives the work away', (_title, caller) => {
    const samples = [[validate, handler, caller], [at('other'), handler, caller], [handler, caller]];
    expect(advise(stall({ culprit: validate, boundary: handler, samples }))).toEqual({
      action: 'offload',
      text:
        'Move what `handler` (server.js:5) computes into a function that takes plain data, and run that on a worker: ' +
        '`export const compute = offload(import.meta, function compute(…) {…});`',
    });
  });

  it('a function of a dependency is wrapped where the application calls it, and named as it is there', () => {
    const samples = [[native('RegExp.test'), check, ajv, validate, handler, emit]];
    const culprit = { ...check, calledFrom: validate };
    expect(advise(stall({ culprit, boundary: check, samples, call: 'RegExp.test' }))).toEqual({
      action: 'offload',
      text:
        '`check` (core.js:88) is part of ajv: put the call that `validate` (orders.js:10) makes into a function of your own, and run that on a worker: ' +
        '`export const validate = offload(import.meta, function validate(…) { return …; });` The pattern may be backtracking: check it, too.',
    });
  });

  it('a function of a dependency is wrapped without samples, too', () => {
    expect(advise(stall({ culprit: { ...check, calledFrom: validate } })).text).toContain('the call that `validate` (orders.js:10) makes');
    expect(advise(stall({ boundary: check })).text).toContain('put the call that your code makes');
  });
});

describe('what waits', () => {
  const readPipe = at('readPipe', '/app/pipe.js', 4);

  it('would wait on a worker, too', () => {
    expect(advise(blockedIn(readPipe, { kind: 'blocking-io', confidence: 'at-return' }))).toEqual({
      action: 'use-async-api',
      text: `\`readPipe\` (pipe.js:4) waits rather than computes, and a worker would only move the wait. Use the asynchronous form of what it calls there. ${AT_RETURN}`,
    });
  });

  it('may be in a dependency', () => {
    expect(advise(blockedIn({ ...check, calledFrom: validate }, { kind: 'blocking-io' })).text).toBe(
      '`check` (core.js:88) waits rather than computes, and a worker would only move the wait. ' +
        'Use an asynchronous function of ajv in `validate` (orders.js:10).',
    );
  });

  it('may be slow output', () => {
    const advice = { action: 'use-async-api', text: expect.stringContaining('does not keep up') };
    expect(advise(blockedIn(readPipe, { kind: 'blocking-io', call: 'console.log' }))).toEqual(advice);
    expect(advise(blockedIn(readPipe, { kind: 'blocking-io', call: 'Writable.write' }))).toEqual(advice);
  });
});

describe('a module that is loaded late', () => {
  it('should be loaded early, whatever loads it', () => {
    expect(advise(blockedIn(validate, { call: 'require' }))).toEqual({
      action: 'none',
      text: '`validate` (orders.js:10) loads a module late. Import it where the process starts, before the first request.',
    });
  });

  it('is told apart from a function without a name', () => {
    const topLevel = at('(anonymous)', '/app/heavy.js', 3);
    const loader = at('Module._compile', 'node:internal/modules/cjs/loader', 1554);
    expect(advise(blockedIn(topLevel, { samples: [[topLevel, loader, handler]] }))).toEqual({
      action: 'none',
      text: 'The function at heavy.js:3 is the top level of a module that was loaded late. Import it where the process starts, before the first request.',
    });
  });
});

describe('without a stack', () => {
  const NO_STACK = 'No stack could be had: the call has not returned yet, or the inspector is missing (`--permission`, a build without it).';

  it.each<[Stall['kind'], Advice]>([
    ['javascript', { action: 'offload', text: `${NO_STACK} Run with the inspector to learn which function to offload.` }],
    ['native', { action: 'offload', text: `${NO_STACK} Run with the inspector to learn which function to offload.` }],
    [
      'blocking-io',
      {
        action: 'use-async-api',
        text: `The event loop waited rather than computed. ${NO_STACK} Look for a function whose name ends in Sync, and use its asynchronous form.`,
      },
    ],
  ])('%s is advised on by its kind', (kind, advice) => {
    expect(advise(stall({ kind, confidence: 'none' }))).toEqual(advice);
  });

  it('says so where the stack had no function of the user’s', () => {
    expect(advise(stall({ samples: [[emit]] })).text).toMatch(/^No function of the application was on the stack\./);
  });
});

describe('any stall', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 500, maxLength: 600 }), fc.constantFrom('a.b', 'new ', '[as x]', '\x1b[31mred\x07', '`\n'));
  const frame = fc.record(
    {
      function: text,
      file: fc.oneof(text, fc.constantFrom('native', 'node:events', 'data:text/javascript,x', 'C:\\app\\x.js')),
      line: fc.integer(),
      column: fc.integer(),
      package: text,
      isAsync: fc.boolean(),
      calledFrom: fc.constant(validate),
    },
    { requiredKeys: ['function', 'file', 'line', 'column'] },
  );
  const calls = ['readFileSync', 'JSON.parse', 'require', 'syncBufferWrapper', 'StatementSync.all', 'console.log'];
  const anyStall: fc.Arbitrary<Seen> = fc.record(
    {
      startedAt: fc.double(),
      duration: fc.double(),
      kind: fc.constantFrom(...kindNames),
      confidence: fc.constantFrom('live', 'at-return', 'none'),
      culprit: frame,
      boundary: frame,
      samples: fc.array(fc.array(frame, { maxLength: 4 }), { maxLength: 3 }),
      context: fc.constant({}),
      task: text,
      call: fc.oneof(text, fc.constantFrom(...calls)),
    },
    { requiredKeys: ['startedAt', 'duration', 'kind', 'confidence', 'samples', 'context'] },
  );

  it('gets an advice of one line and at most 400 characters, which a terminal can show', () => {
    fc.assert(
      fc.property(anyStall, (seen) => {
        const advice = advise(seen);
        expect(advice.text.length).toBeGreaterThan(20);
        expect(advice.text.length).toBeLessThanOrEqual(400);
        expect(advice.text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it('leaves out hints, and at last the end, where names are very long', () => {
    const long = (name: string): string => name.padEnd(500, 'x');
    const dependency = at(long('check'), `/app/node_modules/p/${long('core')}.js`, 1e9, { package: long('p'), calledFrom: at(long('f'), `/${long('f')}`, 1e9) });
    const { text } = advise(blockedIn(dependency, { confidence: 'at-return', kind: 'native', call: 'JSON.parse' }));
    expect(text.length).toBeLessThanOrEqual(400);
    expect(text).not.toContain(AT_RETURN);
  });

  it('gets an advice whose first names are whole where they are of an ordinary length', () => {
    const long = (name: string): string => name.padEnd(24, 'x');
    const dependency = at(long('Validator.check'), `/app/node_modules/p/${long('core')}.js`, 12345, { package: long('@scope/pkg') });
    const culprit = { ...dependency, calledFrom: at(long('handler'), `/app/${long('server')}.js`, 12345) };
    expect(advise(blockedIn(culprit, { confidence: 'at-return', kind: 'native' })).text).toMatch(/ \{ return …; \}\);`/);
  });
});
