import { fileURLToPath } from 'node:url';

import * as offloop from 'offloop';
import { describe, expect, it } from 'vitest';

import { entries, exportsOfOffloop, flags, poolOfOwnThread } from '../fixtures/in-worker.js';
import { poolFor } from './helpers.ts';

describe.each(['threads', 'processes'] as const)('offloop in a worker of %s', (runtime) => {
  it('exports the same names as in the main thread', async () => {
    expect(await poolFor({ runtime }).run(exportsOfOffloop, [])).toEqual(Object.keys(offloop));
  });

  it('is loaded without a pool', async () => {
    expect(await poolFor({ runtime }).run(entries, [])).toEqual({ inWorker: 'in-worker.js', inOwnThread: 'in-worker.js' });
  });

  it('hides its own flags', async () => {
    const own = ['--require', fileURLToPath(new URL('../fixtures/preload.cjs', import.meta.url))];
    expect(await poolFor({ runtime }).run(flags, [])).toEqual(process.execArgv);
    expect((await poolFor({ runtime, execArgv: own }).run(flags, [])).slice(-2)).toEqual(own);
  });

  it('starts workers for the pool of a thread that a task has started', async () => {
    const { ofThread, ofTask } = await poolFor({ runtime }).run(poolOfOwnThread, []);
    expect(ofTask).not.toBe(ofThread);
  });
});
