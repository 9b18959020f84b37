import { AsyncLocalStorage } from 'node:async_hooks';
import { tryGetContext } from 'hono/context-storage';
import { carry } from 'offloop';

/**
 * Hono's own store is private and can only be read. This store returns Hono's context where a request is served, and the
 * carried value in a worker.
 *
 * @typedef {{ var: { requestId: string, user: string } }} RequestContext
 * @augments {AsyncLocalStorage<RequestContext>}
 */
class HonoStore extends AsyncLocalStorage {
  getStore() {
    return tryGetContext() ?? super.getStore();
  }
}

export const requestStore = new HonoStore();

// The context holds the request and its socket, which cannot leave their thread: only its variables travel.
carry(import.meta, requestStore, { name: 'request', pick: ['var'] });
