import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import { requestStore } from './context.js';

/**
 * The same service for both variants: it awaits `validate` and does not know on which thread `validate` runs.
 *
 * @param {(document: object) => object | Promise<object>} validate
 */
export function createService(validate) {
  const app = fastify({ logger: false });

  app.addHook('onRequest', (request, _reply, done) => requestStore.run(contextOf(request), done));

  app.get('/health', () => ({ ok: true }));

  app.post('/validate', async (request, reply) => {
    const result = await validate(request.body);
    reply.code(result.valid ? 200 : 422);
    return result;
  });

  return app;
}

/** @returns {import('./context.js').RequestContext} */
function contextOf(request) {
  return {
    requestId: request.headers['x-request-id'] ?? randomUUID(),
    traceId: traceIdOf(request.headers.traceparent) ?? randomUUID().replaceAll('-', ''),
    request,
  };
}

// W3C Trace Context: version-traceId-parentId-flags.
function traceIdOf(traceparent) {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(traceparent ?? '')?.[1];
}
