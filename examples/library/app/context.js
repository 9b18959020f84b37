import { AsyncLocalStorage } from 'node:async_hooks';
import { carry } from 'offloop';

export const requestStore = new AsyncLocalStorage();
carry(import.meta, requestStore, { name: 'request' });
