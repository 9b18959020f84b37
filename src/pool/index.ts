/* Loaded by in-worker.ts on demand. */
import '../core.ts';
export { configure, runOnDefaultPool } from './default.ts';
export { createPool } from './pool.ts';
