import { capture, restore } from '../context/carrier.ts';
import { selectStores } from '../context/stores/selection.ts';
import type { Carried } from '../context/stores/store-record.ts';

/**
 * Returns what a task finds in a carried store that has `value` where the task is called: the value encoded, cloned as a message is,
 * and decoded. With `undefined` the store is absent, and the task finds undefined, or the store's default value.
 *
 * @example
 * expect(roundTrip(request, { requestId: 'a', socket })).toEqual({ requestId: 'a' });
 *
 * @throws the error that a call of the task would reject with: ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE);
 * OptionError (OFFLOOP_OPTION) when `carried` does not come from `carry()`
 */
export function roundTrip<T>(carried: Carried<T>, value: T): T | undefined {
  const [record] = selectStores('roundTrip()', [carried]);
  const { store } = record as Carried<T>;
  const carrier = store.run(value, () => capture({ only: [carried] }));
  return restore(structuredClone(carrier), () => store.getStore());
}
