import { capture } from 'offloop';
import './context.js';

/**
 * Works the same with piscina and tinypool.
 *
 * @param {{ run(message: object): Promise<any> }} pool
 * @param {string} order
 */
export function call(pool, order) {
  return pool.run({ carrier: capture(), order });
}
