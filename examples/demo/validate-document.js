import { Ajv } from 'ajv';
import { log } from './log.js';
import { orderSchema } from './order-schema.js';

const matchesSchema = new Ajv({ allErrors: true }).compile(orderSchema);

/**
 * This module knows nothing of requests, servers or threads; the log line gets its request from the store.
 *
 * @param {Record<string, unknown>} document
 */
export function validateDocument(document) {
  const valid = matchesSchema(document);
  log.info({ order: document.number, valid }, 'validated');
  return { valid, errors: valid ? [] : matchesSchema.errors.map(describe) };
}

function describe({ instancePath, message }) {
  return { path: instancePath, message };
}
