import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

import { shared } from '../shared/shared.ts';

/** Calls back in the context that this thread had when offloop was loaded: no request, no store. */
const root = shared('root', () => AsyncLocalStorage.snapshot());

/**
 * Runs `fn` where no store is set, whatever the caller, or the task that ran here before, had set.
 *
 * A fresh resource each time: `enterWith` writes into the *current* resource, so a shared one would hand what one task
 * entered to the next. `AsyncLocalStorage.snapshot()` alone leaks that way on Node 20 and 22, where the snapshot's own
 * resource is the one written to. Measured clean on Node 20, 22, 24 and 26, with and without AsyncContextFrame.
 */
export function inCleanRoot<R>(fn: () => R): R {
  const resource = spare ?? cleanResource('offloop.Root');
  spare = undefined;
  return resource.runInAsyncScope(fn);
}

/** Runs `fn` in an async scope of its own. Much cheaper than `inCleanRoot`, for a caller that is in a clean root already and runs many functions that must not see each other's stores. */
export function inScopeOfItsOwn<R>(fn: () => R): R {
  return new AsyncResource('offloop.Task', { requireManualDestroy: true }).runInAsyncScope(fn);
}

let spare: AsyncResource | undefined;

/** Makes the next clean root in advance, while no task waits for it. */
export function prepareCleanRoot(): void {
  spare ??= cleanResource('offloop.Root');
}

/** For code that enters a clean root many times and never runs the user's functions in it. */
export function cleanResource(name: string): AsyncResource {
  return root(() => new AsyncResource(name, { requireManualDestroy: true }));
}
