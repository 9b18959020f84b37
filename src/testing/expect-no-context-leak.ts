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

/** The caller's stores do not come along: whatever a task finds is left over. Loading workers take their time. */
const bare: RunOptions = { context: 'none', timeout: Infinity };

/**
 * Proves that a task of this pool sees nothing of what another task entered before it on the same worker. Every worker, up to
 * `maxThreads` of them, runs tasks that enter each store declared with `carry()`, and one AsyncLocalStorage that is not
 * carried, before and after an `await`; and tasks that find out whether any of that is still there, which also tells of what
 * the tasks that ran before have left. Call it while nothing else runs on the pool.
 *
 * @throws ContextLeakError (OFFLOOP_CONTEXT_LEAK) that says which store leaked on which worker; what a task rejects with where it
 * cannot run: ModuleLoadError (OFFLOOP_MODULE_LOAD) for a store's module, PoolClosedError (OFFLOOP_POOL_CLOSED)
 */
export async function expectNoContextLeak(pool: Pool): Promise<void> {
  const { max: workers, replaced } = pool.stats().workers;
  const found = await onEveryWorker(pool, workers);
  // Where each task has a worker of its own, none comes after another.
  if (pool.stats().workers.replaced < replaced + workers) {
    found.push(...(await pool.map(touch, Array(workers * SHORT_TASKS).keys(), bare).toArray()));
    found.push(...(await onEveryWorker(pool, workers)));
  }
  const leaking = found.filter((one) => one.stores.length > 0);
  if (leaking.length > 0) throw leakError(leaking);
}

/** None of as many tasks as there are workers ends before all of them have started. */
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
    // One that fails has the others go on.
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
    `expectNoContextLeak(): a task saw what a task before it had entered: ${list.join(', ')}. ` +
      'Look for what replaces AsyncResource or AsyncLocalStorage in the worker: a preloaded module, an instrumentation.',
    unique,
  );
}
