import { AsyncLocalStorage } from 'node:async_hooks';
import { carry } from 'offloop';

/**
 * Express has no store of its own, so the application brings this one.
 *
 * @typedef {{ requestId: string, user: string, req?: import('node:http').IncomingMessage, res?: import('node:http').ServerResponse }} RequestContext
 * @type {AsyncLocalStorage<RequestContext>}
 */
export const requestStore = new AsyncLocalStorage();

// `req` and `res` hold a socket, which cannot leave its thread: only these two keys travel.
carry(import.meta, requestStore, { name: 'request', pick: ['requestId', 'user'] });
