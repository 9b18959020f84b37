import { Object, Set, process } from '../../node/intrinsics.ts';
import { isLoadedByRunner } from '../../context/module-ref.ts';
import { errorText } from '../../validation/describe.ts';
import { ModuleLoadError, TaskNotFoundError } from '../../errors.ts';
import { allExports, exportsNamed, loadExports, keepNamespace, namespaceOf, type Namespace } from '../../task/module-exports.ts';
import { taskRecord } from '../../task/offload.ts';
import { findTask, tasksOf, type AnyFunction } from '../../task/registry.ts';
import type { TaskAddress } from '../../wire/messages/requests.ts';
import { isTypeScript, prepareForTypeScript } from './typescript.ts';

/** By the address object: a worker keeps one for each task that it has been sent. */
const functions = new WeakMap<TaskAddress, AnyFunction>();

/**
 * The function behind a module and a name: a task that the module declared with `offload()`, or one of its exports.
 * A promise only when the module has yet to be loaded, so that later tasks start without one.
 */
export function resolveTask(address: TaskAddress): AnyFunction | Promise<AnyFunction> {
  return functions.get(address) ?? remember(address, findTask(address)?.fn) ?? loadTask(address);
}

async function loadTask(address: TaskAddress): Promise<AnyFunction> {
  const { module, name } = address;
  const namespace = await loadModule(module);
  const fn = remember(address, findTask(address)?.fn ?? exportedFunction(namespace, name));
  if (fn === undefined) throw notFound(module, name, namespace);
  return fn;
}

function remember(address: TaskAddress, fn: AnyFunction | undefined): AnyFunction | undefined {
  if (fn !== undefined) functions.set(address, fn);
  return fn;
}

function exportedFunction(namespace: Namespace, name: string): AnyFunction | undefined {
  for (const exported of exportsNamed(namespace, name)) {
    const fn = taskRecord(exported)?.fn ?? exported;
    if (typeof fn === 'function') return fn as AnyFunction;
  }
  // A module behind a symbolic link has another URL here than in the process that declared its tasks.
  return Object.values(namespace).map(taskRecord).find((record) => record?.name === name)?.fn;
}

function notFound(module: string, name: string, namespace: Namespace): TaskNotFoundError {
  const exports = allExports(namespace);
  const names = new Set([...tasksOf(module), ...Object.keys(exports).filter((key) => typeof exports[key] === 'function')]);
  const has = names.size === 0 ? 'It declares no task and exports no function.' : `It has: ${[...names].join(', ')}.`;
  return new TaskNotFoundError(
    `${module} was loaded in a worker and has no task '${name}'. ${has} ` +
      'offload() must run at the top level of the module, not in a function or a condition.',
  );
}

/** @throws ModuleLoadError (OFFLOOP_MODULE_LOAD) with the loader's own error as its cause */
export async function loadModule(url: string): Promise<Namespace> {
  if (isTypeScript(url)) await prepareForTypeScript(url);
  try {
    const namespace = (await import(url)) as Namespace;
    keepNamespace(url, namespace);
    return namespace;
  } catch (cause) {
    throw new ModuleLoadError(`The worker could not load ${url}: ${errorText(cause)}. ${remedy(cause, url)}`, { cause });
  }
}

/** The exports of a task's module, to find an error's class among them. */
export async function exportsOf(address: TaskAddress): Promise<Namespace> {
  const record = findTask(address);
  if (record !== undefined && isLoadedByRunner(record.ref)) return {};
  return allExports(await loadExports(address.module, loadModule));
}

/** The same without waiting: undefined where offloop has not loaded the module itself. */
export function exportsNow(address: TaskAddress): Namespace | undefined {
  const namespace = namespaceOf(address.module);
  return namespace && allExports(namespace);
}

function remedy(cause: unknown, url: string): string {
  const code = (cause as { code?: unknown } | null)?.code;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && isTypeScript(url)) {
    return (
      `Node ${process.versions.node} does not run TypeScript by itself (22.18 and up do): start the process with a loader, ` +
      '`node --import tsx app.ts`, or give the pool one, `execArgv: ["--import", "tsx"]`, or offload the compiled module.'
    );
  }
  if (code === 'ERR_MODULE_NOT_FOUND') return 'Check the path; in a bundle, the module must stay a separate file.';
  return 'The worker loads a module with tasks as well: its top-level code must work there.';
}
