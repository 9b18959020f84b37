import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stores } from '../context/stores/registry.ts';
import type { Pool } from '../pool/types.ts';
import type { RunOptions } from '../task/options.ts';
import { withResolvers } from '../node/promises.ts';
import { ContextLeakError } from './errors.ts';
import { hold, touch, type Found } from './leak-probe.ts';

/** Short tasks for each worker, between two rounds that reach all of them. */
const SHORT_TASKS = 32;

/** Without the caller's stores, so that each store that a task finds is left over. Without a timeout, since workers take time to load. */
const bare: RunOptions = { context: 'none', timeout: Infinity };

/**
 * Proves that a task of this pool sees no store that another task entered before it on the same worker. Every worker, up to
 * `maxThreads` of them, runs tasks that enter each store declared with `carry()`, and one AsyncLocalStorage that is not
 * carried, before and after an `await`; then tasks that look for these stores, and so also find stores that earlier tasks have
 * left. Call it while nothing else runs on the pool.
 *
 * @throws ContextLeakError (OFFLOOP_CONTEXT_LEAK) that says which store leaked on which worker; the error of a task that cannot run:
 * ModuleLoadError (OFFLOOP_MODULE_LOAD) for a store's module, PoolClosedError (OFFLOOP_POOL_CLOSED)
 */
export async function expectNoContextLeak(pool: Pool): Promise<void> {
  const { max: workers, replaced } = pool.stats().workers;
  const found = await onEveryWorker(pool, workers);
  // With `isolate` each task has a worker of its own, and no task comes after another.
  if (pool.stats().workers.replaced < replaced + workers) {
    found.push(...(await pool.map(touch, Array(workers * SHORT_TASKS).keys(), bare).toArray()));
    found.push(...(await onEveryWorker(pool, workers)));
  }
  const leaking = found.filter((one) => one.stores.length > 0);
  if (leaking.length > 0) throw leakError(leaking);
}

/** Runs as many tasks as there are workers; no task ends before all have started, so each has a worker of its own. */
async function onEveryWorker(pool: Pool, workers: number): Promise<Found[]> {
  const gate = join(tmpdir(), `offloop-gate-${randomUUID()}`);
  const allHold = withResolvers<undefined>();
  let holding = 0;
  const onProgress = (): void => {
    if (++holding === workers) allHold.resolve(undefined);
  };
  const declaredIn = [...stores.values()].map(({ name, module }): [string, string] => [name, module]);
  const calls = Array.from({ length: workers }, () => pool.run(hold, [gate, declaredIn], { ...bare, onProgress }));
  try {
    // A task that fails ends the waiting for the others.
    await Promise.race([allHold.promise, Promise.all(calls)]);
  } finally {
    writeFileSync(gate, '');
    await Promise.allSettled(calls);
    rmSync(gate);
  }
  return Promise.all(calls);
}

function leakError(found: readonly Found[]): ContextLeakError {
  const leaks = found.flatMap(({ worker, stores: names }) => names.map((store) => ({ store, worker })));
  const unique = [...new Map(leaks.map((leak) => [`${leak.worker} ${String(leak.store)}`, leak])).values()];
  const list = unique.map(({ store, worker }) => `${store === undefined ? 'an AsyncLocalStorage that is not carried' : `the store '${store}'`} on worker ${worker}`);
  return new ContextLeakError(
    `expectNoContextLeak(): a task saw stores that an earlier task had entered: ${list.join(', ')}. ` +
      'Look for what replaces AsyncResource or AsyncLocalStorage in the worker: a preloaded module, an instrumentation.',
    unique,
  );
}
