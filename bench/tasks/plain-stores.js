import { AsyncLocalStorage } from 'node:async_hooks';

export const requestStore = new AsyncLocalStorage();
export const traceStore = new AsyncLocalStorage();
