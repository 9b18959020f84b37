import { Promise, Set } from '../../node/intrinsics.ts';
import { findTask } from '../../task/registry.ts';
import { needExports } from '../../wire/errors/error-classes.ts';
import type { ErrorClasses } from '../../wire/errors/error-repairs.ts';
import type { RunMessage, TaskAddress } from '../../wire/messages/requests.ts';
import { exportsOf, loadModule } from './modules.ts';
import type { RunningTask } from './running-task.ts';
import type { WorkerHost } from './worker-host.ts';

export function addressOf({ task, declares }: RunMessage, { addresses }: WorkerHost): TaskAddress {
  if (declares !== undefined) addresses[task] = declares;
  return addresses[task]!;
}

/** Preloads that have not been loaded yet. A module that failed to load is tried again, and fails again, with each task. */
const preloads = new Set<string>();

/**
 * Loads what must be loaded before the task's own module: the preloads, and the modules that declare the carried stores, since both
 * sides must hold the same store when it is entered.
 * @returns undefined where there is nothing to load
 */
export function loadModulesOf({ setup, declaredIn }: RunMessage, host: WorkerHost): Promise<unknown> | undefined {
  for (const url of setup?.preload ?? []) preloads.add(url);
  const preloading = preloads.size === 0 ? undefined : Promise.all([...preloads].map(preload));
  if (setup !== undefined) {
    if (preloading === undefined) host.ready();
    else void preloading.then(() => { host.ready(); }, () => { host.ready(); });
  }
  if (preloading === undefined && declaredIn === undefined) return undefined;
  return Promise.all([preloading, ...(declaredIn ?? []).map(loadModule)]);
}

async function preload(url: string): Promise<void> {
  await loadModule(url);
  preloads.delete(url);
}

/** Where the errors among the arguments find their classes. */
export async function classesForArguments({ message: { repairs }, address }: RunningTask): Promise<ErrorClasses> {
  const registered = findTask(address)?.errors ?? [];
  return { registered, exports: needExports(repairs?.errors, registered) ? await exportsOf(address) : {} };
}
