import { runOnDefaultPool } from './pool/default.ts';
import { setDefaultRunner } from './task/offload.ts';

setDefaultRunner(runOnDefaultPool);

export * from './exports.ts';
export { configure } from './pool/default.ts';
export { createPool } from './pool/pool.ts';
