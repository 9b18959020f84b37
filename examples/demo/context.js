import { AsyncLocalStorage } from 'node:async_hooks';
import { carry } from 'offloop';

/**
 * The facts about its request that every line of this service may need.
 * The worker loads this module too, so the module holds no server code.
 *
 * @typedef {{ requestId: string, traceId: string, request?: import('fastify').FastifyRequest }} RequestContext
 * @type {AsyncLocalStorage<RequestContext>}
 */
export const requestStore = new AsyncLocalStorage();

// `request` holds a socket, which cannot leave its thread: only these two fields travel.
carry(import.meta, requestStore, { name: 'request', pick: ['requestId', 'traceId'] });
