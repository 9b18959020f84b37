import { types } from 'node:util';

/** As `await` sees it, which needs no `then` for a promise of its own. A proxy is asked for its `then` alone, as `await` does. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (types.isPromise(value)) return true;
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
}
