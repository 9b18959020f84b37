/* Loaded by in-worker.ts on demand. */
export { configure, runOnDefaultPool } from './default.ts';
export { createPool } from './pool.ts';
