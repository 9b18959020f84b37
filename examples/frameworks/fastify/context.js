import { asyncLocalStorage } from '@fastify/request-context';
import { carry } from 'offloop';

/**
 * The plugin's own store, under a name that says what the store holds.
 *
 * @typedef {{ requestId: string, user: string, request?: import('fastify').FastifyRequest }} RequestContext
 * @type {import('node:async_hooks').AsyncLocalStorage<RequestContext>}
 */
export const requestStore = asyncLocalStorage;

// `request` holds a socket, which cannot leave its thread: only these two keys travel.
carry(import.meta, requestStore, { name: 'request', pick: ['requestId', 'user'] });
