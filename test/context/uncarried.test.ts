import { describe, expect, it } from 'vitest';

import { runNode, workers } from '../pool/helpers.ts';

const fixture = (name: string): string => `${import.meta.dirname}/../fixtures/uncarried/${name}`;

async function warnings(args: readonly string[], NODE_ENV = 'development'): Promise<string[]> {
  const { code, stdout } = await runNode(args, { NODE_ENV });
  expect(code).toBe(0);
  return stdout.split('\n').filter((line) => line !== '');
}

describe.each(workers)('a store that nobody has declared, read by a task on %s', (runtime) => {
  it('causes one warning, with the place of the read', async () => {
    const [first, ...more] = await warnings([fixture('app.js'), runtime, 'readsForgotten']);
    expect(first).toMatch(/^OFFLOOP_UNCARRIED_STORE: The task 'readsForgotten' has read an AsyncLocalStorage .*uncarried\/tasks\.js:10:\d+/);
    expect(more).toEqual([]);
  });

  it('causes no warning in production, nor where the store is declared, or entered by the worker itself', async () => {
    expect(await warnings([fixture('app.js'), runtime, 'readsForgotten'], 'production')).toEqual([]);
    expect(await warnings([fixture('app.js'), runtime, 'readsOthers'])).toEqual([]);
  });
});

it('a `pick` that finds nothing causes one warning for each store, which shows the keys unless the store is sensitive', async () => {
  expect(await warnings([fixture('captures.js')])).toEqual([
    "OFFLOOP_EMPTY_PICK: No key of the store 'misspelt' travels to the tasks: the store holds the keys `requestId`, `tenant`, and `pick` names `requestID`, `other`. Correct `pick` where carry() declares the store.",
    "OFFLOOP_EMPTY_PICK: No key of the store 'secret' travels to the tasks: the store holds 1 key, none of which is one of the 2 that `pick` names. Correct `pick` where carry() declares the store.",
    "OFFLOOP_EMPTY_PICK: No key of the store 'map' travels to the tasks: the store holds the keys `requestID`, and `pick` names `requestID`, `other`. The entries of a Map are not its keys: give carry() an `encode` and a `decode` instead.",
  ]);
  expect(await warnings([fixture('captures.js')], 'production')).toEqual([]);
});
