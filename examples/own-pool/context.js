import { AsyncLocalStorage } from 'node:async_hooks';
import { carry } from 'offloop';

/** @type {AsyncLocalStorage<{ requestId: string, user: string, socket?: object }>} */
export const requestStore = new AsyncLocalStorage();

carry(import.meta, requestStore, { name: 'request', pick: ['requestId', 'user'] });
