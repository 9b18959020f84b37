/* What in-worker.ts loads when it is needed. */
export { configure, runOnDefaultPool } from './default.ts';
export { createPool } from './pool.ts';
