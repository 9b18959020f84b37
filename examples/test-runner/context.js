import { AsyncLocalStorage } from 'node:async_hooks';

import { carry } from 'offloop';

/**
 * The test that whatever runs works for, on either side.
 *
 * @type {AsyncLocalStorage<{ file: string, test: string }>}
 */
export const testStore = new AsyncLocalStorage();

carry(import.meta, testStore, { name: 'test' });
