import { AsyncLocalStorage } from 'node:async_hooks';

import { carry } from 'offloop';

/**
 * The test for which the current code runs, in the runner and in the worker.
 *
 * @type {AsyncLocalStorage<{ file: string, test: string }>}
 */
export const testStore = new AsyncLocalStorage();

carry(import.meta, testStore, { name: 'test' });
