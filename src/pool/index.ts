/* Loaded by in-worker.ts on demand. */
import '../core.ts';
export { configure, defaultPool, runOnDefaultPool } from './default.ts';
export { createPool } from './pool.ts';
