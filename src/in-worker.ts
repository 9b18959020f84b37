import { nodeModule } from './node/builtins.ts';
import { setDefaultRunner } from './task/offload.ts';
import type * as Pools from './pool/index.ts';
import type { Pool } from './pool/pool.ts';
import type { PoolOptions } from './pool/options.ts';

/*
 * What `import 'offloop'` is in a worker: the condition `offloop-worker` in package.json's exports, which the pool
 * sets (worker-flags.ts). A task needs no pool, and loading one, with tinypool, is a good part of a worker's start; so it
 * is loaded when it is asked for.
 */

let pools: typeof Pools | undefined;

function loaded(): typeof Pools {
  return (pools ??= nodeModule().createRequire(import.meta.url)('./pool.js') as typeof Pools);
}

setDefaultRunner((record, args, options) => loaded().runOnDefaultPool(record, args, options));

export * from './exports.ts';

export function configure(options: PoolOptions): void {
  loaded().configure(options);
}

export function createPool(options?: PoolOptions): Pool {
  return loaded().createPool(options);
}
