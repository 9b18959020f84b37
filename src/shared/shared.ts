/** The number is the version of what is shared: copies of offloop that share other things, or in another way, keep to themselves. */
export const SHARED_KEY = 'offloop.shared.1';

const key = Symbol.for(SHARED_KEY);
const global = globalThis as Record<symbol, Map<string, unknown> | undefined>;
const things = (global[key] ??= new Map<string, unknown>());

/**
 * Creates a thing that all copies of offloop in this thread share: a dist copy next to a source copy, CommonJS next to ESM, two
 * installed versions. A store that one copy declared must be known to the other.
 */
export function shared<T>(name: string, create: () => T): T {
  if (!things.has(name)) things.set(name, create());
  return things.get(name) as T;
}

/** Whether this thread, or process, is one of offloop's workers. */
export const thread = shared('thread', () => ({ isWorker: false }));
