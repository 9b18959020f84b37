import { AsyncLocalStorage } from 'node:async_hooks';
import { carry } from 'offloop';

/** @type {AsyncLocalStorage<{ requestId: string, user: string }>} */
export const requestStore = new AsyncLocalStorage();

// The store holds plain data only, so all of it travels.
carry(import.meta, requestStore, { name: 'request' });
