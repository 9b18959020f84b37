import { createPool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { rejection, runtimes } from './helpers.ts';

type Calls = Record<string, (n: number) => Promise<number>>;

describe.each(runtimes)('a plain module in %s', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  const tasks = (file: string): Calls => pool.tasks<Calls>(new URL(`../fixtures/commonjs/${file}`, import.meta.url));

  it.each([
    ['the default export of a compiled module', 'compiled.cjs', 'default', 4],
    ['an export that Node cannot name statically', 'compiled.cjs', 'triple', 6],
    ['what is in a compiled default export', 'compiled-object.cjs', 'double', 4],
    ['a module that is a function', 'function.cjs', 'default', 4],
    ['what hangs on such a function', 'function.cjs', 'triple', 6],
    ['what is in the default export', 'object.mjs', 'double', 4],
  ])('runs a task from %s', async (_what, file, name, result) => {
    expect(await tasks(file)[name]!(2)).toBe(result);
  });

  it.each(['toString', '__esModule', 'nothing'])('has no task for a name that it does not export: %s', async (name) => {
    expect(await rejection(tasks('compiled.cjs')[name]!(1))).toMatchObject({ code: 'OFFLOOP_TASK_NOT_FOUND', message: expect.stringMatching(/It has: .*triple/) });
  });
});
