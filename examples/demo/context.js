import { AsyncLocalStorage } from 'node:async_hooks';
import { carry } from 'offloop';

/**
 * What every line of this service may want to know about the request it works for.
 * The worker loads this module too, so it holds no server code.
 *
 * @typedef {{ requestId: string, traceId: string, request?: import('fastify').FastifyRequest }} RequestContext
 * @type {AsyncLocalStorage<RequestContext>}
 */
export const requestStore = new AsyncLocalStorage();

// `request` holds a socket, which cannot leave its thread: only these two fields travel.
carry(import.meta, requestStore, { name: 'request', pick: ['requestId', 'traceId'] });
