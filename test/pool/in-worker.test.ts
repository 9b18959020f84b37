import * as offloop from 'offloop';
import { expect, it } from 'vitest';

import { entries, exportsOfOffloop, flags, poolOfOwnThread } from '../fixtures/in-worker.js';
import { poolFor } from './helpers.ts';

it('offers in a worker what it offers elsewhere', async () => {
  expect(await poolFor({}).run(exportsOfOffloop, [])).toEqual(Object.keys(offloop));
});

it('is loaded without a pool there', async () => {
  expect(await poolFor({}).run(entries, [])).toEqual({ inWorker: 'in-worker.js', inOwnThread: 'in-worker.js' });
});

it('shows its own flags to nobody in the worker', async () => {
  expect(await poolFor({}).run(flags, [])).toEqual(process.execArgv);
});

it('starts threads for the pool of a thread that a task has started', async () => {
  const { ofThread, ofTask } = await poolFor({}).run(poolOfOwnThread, []);
  expect(ofTask).not.toBe(ofThread);
});
