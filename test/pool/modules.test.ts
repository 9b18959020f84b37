import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe, expect, it } from 'vitest';

import { offload } from 'offloop';

import { PlainError } from '../fixtures/plain.js';
import { poolFor, rejection, runNode, runtimes, script } from './helpers.ts';

const plain = new URL('../fixtures/plain.js', import.meta.url);
const url = (name: string): URL => new URL(`../fixtures/${name}`, import.meta.url);

describe.each(runtimes)('a plain module on %s', (runtime) => {
  it('is called by its exports, synchronous or asynchronous', async () => {
    const tasks = poolFor({ runtime }).tasks<typeof import('../fixtures/plain.js')>(plain);
    expect(await tasks.double(21)).toBe(42);
    expect(await tasks.later('x')).toBe('X');
  });

  it('is no task for run() and map(), whose errors say how to call the module', async () => {
    const pool = poolFor({ runtime });
    const { double } = pool.tasks<typeof import('../fixtures/plain.js')>(plain);
    const refused = [await rejection(pool.run(double as never, [1])), await rejection(pool.map(double as never, [1]).toArray())];
    expect(refused.map(({ message }) => /^pool\.(run|map)\(\): .*pool\.tasks\(url\)\.f\(…\)/.exec(message)?.[1])).toEqual(['run', 'map']);
  });

  it('may be CommonJS, and be named by its path', async () => {
    const tasks = poolFor({ runtime }).tasks<{ triple(n: number): number }>(import.meta.dirname.replace(/pool$/, join('fixtures', 'plain.cjs')));
    expect(await tasks.triple(3)).toBe(9);
  });

  it('that lacks the export causes an error that lists its exports', async () => {
    const tasks = poolFor({ runtime }).tasks<{ halve(n: number): number; version(): number }>(plain);
    const error = await rejection(tasks.halve(4));
    expect(error).toMatchObject({ code: 'OFFLOOP_TASK_NOT_FOUND', name: 'TaskNotFoundError' });
    expect(error.message).toMatch(/plain\.js.*'halve'.*It has: .*double, fails, later/s);
    expect(await rejection(tasks.version())).toMatchObject({ code: 'OFFLOOP_TASK_NOT_FOUND' });
  });

  it('throws its own error classes when they are listed, and their base otherwise', async () => {
    const pool = poolFor({ runtime });
    const listed = await rejection(pool.tasks<typeof import('../fixtures/plain.js')>(plain, { errors: [PlainError] }).fails());
    expect(listed).toBeInstanceOf(PlainError);
    expect(listed.message).toBe('plainly');
    expect(await rejection(pool.tasks<typeof import('../fixtures/plain.js')>(plain).fails())).toBeInstanceOf(Error);
  });

  it('that does not exist rejects with its URL and the points to check', async () => {
    const missing = url('is-not-there.js');
    const error = await rejection(poolFor({ runtime }).tasks<{ f(): void }>(missing).f());
    expect(error).toMatchObject({ code: 'OFFLOOP_MODULE_LOAD', name: 'ModuleLoadError', cause: { code: 'ERR_MODULE_NOT_FOUND' } });
    expect(error.message).toContain(missing.href);
    expect(error.message).toContain('Check the path');
  });

  it('with a syntax error rejects with that error', async () => {
    // The file is not in the repository: linters and compilers would fail on it.
    const folder = mkdtempSync(join(tmpdir(), 'offloop-test-'));
    const broken = join(folder, 'broken.mjs');
    writeFileSync(broken, 'export function broken() { return 1 +; }\n');
    const error = await rejection(poolFor({ runtime }).tasks<{ broken(): void }>(broken).broken());
    expect(error).toMatchObject({ code: 'OFFLOOP_MODULE_LOAD', cause: { name: 'SyntaxError' } });
    rmSync(folder, { recursive: true });
  });

  it('that throws while it loads rejects with the thrown error', async () => {
    const error = await rejection(poolFor({ runtime }).tasks<{ f(): void }>(url('throws-on-import.js')).f());
    expect(error).toMatchObject({ code: 'OFFLOOP_MODULE_LOAD', cause: { name: 'RangeError', message: 'this module never loads' } });
    expect(error.message).toContain('RangeError: this module never loads');
  });
});

describe('the calls of a plain module', () => {
  it('are the same object however often they are read, so that memory does not grow', () => {
    const pool = poolFor({});
    expect(pool.tasks(plain)).toBe(pool.tasks(plain.href));
    expect(pool.tasks(plain, { errors: [PlainError] })).toBe(pool.tasks(plain, { errors: [PlainError] }));
    expect(pool.tasks(plain, { errors: [PlainError] })).not.toBe(pool.tasks(plain));
    const tasks = pool.tasks<typeof import('../fixtures/plain.js')>(plain);
    expect(tasks.double).toBe(tasks.double);
  });

  it('take the same options as tasks, and check them at once', async () => {
    const pool = poolFor({ maxThreads: 1 });
    const { double } = pool.tasks<typeof import('../fixtures/plain.js')>(plain);
    expect(await rejection(double.with({ signal: AbortSignal.abort('no') })(1))).toBe('no');
    expect(await double.with({ priority: 2, timeout: 10_000 })(4)).toBe(8);
    expect(() => double.with({ timeOut: 1 } as never)).toThrow(/no option `timeOut`/);
  });
});

describe('naming a module', () => {
  it.each([['./relative.js'], ['https://example.com/x.js'], [42], [null], [{}]])('refuses %o', (module) => {
    const pool = poolFor({});
    expect(() => pool.tasks(module as never)).toThrow(/expected the module to be `import\.meta`, a file: URL or an absolute path/);
    expect(() => offload(module as never, function f() {})).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
  });

  it('takes a file: URL as a string, too', async () => {
    expect(await poolFor({}).tasks<typeof import('../fixtures/plain.js')>(plain.href).double(1)).toBe(2);
  });

  it('does not make the calls look like a promise', async () => {
    const tasks = poolFor({}).tasks<typeof import('../fixtures/plain.js')>(plain);
    expect(await Promise.resolve(tasks)).toBe(tasks);
  });
});

describe('TypeScript task modules', () => {
  const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);

  it('run as Node runs TypeScript here, or reject with an error that names the options', async () => {
    const error = await runTyped([]);
    if (stripsTypes) expect(error).toEqual({ code: 0, stdout: 'typed: 42\n', stderr: expect.any(String) });
    else expect(error.stderr).toMatch(/Unknown file extension "\.ts"/);
  });

  it('run through the loader of the parent', async () => {
    expect(await runTyped(['--import', 'tsx'])).toMatchObject({ code: 0, stdout: 'typed: 42\n' });
  });

  it('run through a loader of the pool, beside the flags given to it', async () => {
    const ran = await runNode(['--import', 'tsx', script('calls-typescript.js'), '--no-warnings']);
    expect(ran).toMatchObject({ code: 0, stdout: 'typed: 42\n' });
  });

  it('reject with a clear error where nothing can run TypeScript', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-test-'));
    const typed = join(folder, 'typed.tsx');
    copyFileSync(url('typed.ts'), typed);
    const error = await rejection(poolFor({}).tasks<{ f(): void }>(pathToFileURL(typed)).f());
    expect(error).toMatchObject({ code: 'OFFLOOP_MODULE_LOAD' });
    expect(error.message).toMatch(/--import tsx/);
    rmSync(folder, { recursive: true });
  });

  function runTyped(flags: readonly string[]) {
    return runNode([...flags, script('calls-typescript.js')]);
  }
});
