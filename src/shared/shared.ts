/** The number is the version of the shared state: a copy of offloop that shares other state uses another number. */
export const SHARED_KEY = 'offloop.shared.1';

const key = Symbol.for(SHARED_KEY);
const global = globalThis as Record<symbol, Map<string, unknown> | undefined>;
const states = (global[key] ??= new Map<string, unknown>());

/**
 * State that all copies of offloop in this thread have in common: a dist copy next to a source copy, CommonJS next to ESM, two
 * installed versions. A store that one copy declared must be known to the others.
 */
export function shared<T>(name: string, create: () => T): T {
  if (!states.has(name)) states.set(name, create());
  return states.get(name) as T;
}

/** `isWorker`: whether this thread, or process, is one of offloop's workers. `worker`: its number in its pool. */
export const thread = shared('thread', (): { isWorker: boolean; worker?: number } => ({ isWorker: false }));
