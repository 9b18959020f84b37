import type { AsyncResource } from 'node:async_hooks';
import type { Transferable } from 'node:worker_threads';

import { WeakMap } from '../../node/intrinsics.ts';
import { v8 } from '../../node/builtins.ts';
import { ModuleLoadError } from '../../errors.ts';
import { nameExports, type ErrorRepair } from '../../wire/errors/error-repairs.ts';
import { encodeThrow } from '../../wire/values/thrown.ts';
import type { RunResponse } from '../../wire/messages/responses.ts';
import { prepareValue } from '../../wire/values/cloneability.ts';
import type { Prepared } from '../../wire/values/cloneability-check.ts';
import { explainUnsent } from '../../wire/values/uncloneable.ts';
import { exportsNow, exportsOf } from './modules.ts';
import type { RunningTask } from './running-task.ts';
import type { WorkerHost } from './worker-host.ts';

/** The response to a call whose function has returned. A promise where an error in the value makes it load the task's module. */
export function returnedResponse(task: RunningTask, value: unknown, runMs: number): RunResponse | Promise<RunResponse> {
  const prepared = typeof value === 'object' && value !== null ? prepare(task, value) : undefined;
  const response = responseFor(task, prepared ?? { value, repairs: undefined }, runMs);
  const errors = prepared?.repairs?.errors;
  return errors === undefined ? response : withExports(task, errors, response);
}

function prepare({ handle, host, scope }: RunningTask, value: object): Prepared | undefined {
  const options = { channel: host.channel, transfer: handle.moved && [...handle.moved], exports: undefined };
  return scope === undefined ? prepareValue(value, 'result', options) : scope.runInAsyncScope(prepareValue, undefined, value, 'result', options);
}

/** Called only for a result that contains an error, which is rare. */
function withExports({ address }: RunningTask, errors: readonly ErrorRepair[], response: RunResponse): RunResponse | Promise<RunResponse> {
  const exports = exportsNow(address);
  if (exports === undefined) return exportsOf(address).then((loaded) => (nameExports(errors, loaded), response));
  nameExports(errors, exports);
  return response;
}

/** Structured clone does not copy symbol keys. */
const scopeKey = Symbol('scope');

/** The task's async context, where its result is an object: sending the result calls the getters in it. */
export function scopeOf(response: RunResponse): AsyncResource | undefined {
  return (response as { readonly [scopeKey]?: AsyncResource })[scopeKey];
}

const transfers = new WeakMap<RunResponse, readonly Transferable[]>();

/** The objects to transfer with a response instead of copying them. */
export function transfersOf(response: RunResponse): readonly Transferable[] | undefined {
  return transfers.get(response);
}

function responseFor({ handle, host, scope }: RunningTask, { value, repairs }: Prepared, runMs: number): RunResponse {
  const result: RunResponse & { [scopeKey]?: AsyncResource } = repairs === undefined ? { type: 'returned', value, runMs } : { type: 'returned', value, repairs, runMs };
  if (scope !== undefined) result[scopeKey] = scope;
  const response = withMemory(result, host);
  if (handle.moved !== undefined) transfers.set(response, [...handle.moved]);
  return response;
}

/** The response to a call whose function has thrown, or that could not be started. */
export async function threwResponse({ address, startedAt, host }: RunningTask, error: unknown, runMs: number): Promise<RunResponse> {
  const thrown = encodeThrow(error, host.channel, await exportsOf(address));
  const hasNotLoaded = startedAt === 0 && error instanceof ModuleLoadError;
  return withMemory(hasNotLoaded ? { type: 'threw', thrown, runMs, hasNotLoaded } : { type: 'threw', thrown, runMs }, host);
}

/** Sent in place of a response that could not be sent. */
export function uncloneableResponse(response: RunResponse, cause: unknown, clone?: (value: unknown) => unknown): RunResponse {
  const value = response.type === 'returned' ? response.value : undefined;
  const { runMs, cpuMs, memory } = response;
  const error = explainUnsent(value, 'result', transfersOf(response), cause, clone);
  return { type: 'threw', thrown: encodeThrow(error, 'message'), runMs, cpuMs, memory };
}

function withMemory(response: RunResponse, host: WorkerHost): RunResponse {
  if (!host.reportMemory) return response;
  const { used_heap_size: heap, external_memory: external } = v8().getHeapStatistics();
  return { ...response, memory: heap + external };
}
