import type { ProgressNotice } from '../../wire/messages/notices.ts';
import { prepareValue } from '../../wire/values/cloneability.ts';
import type { Channel } from '../../wire/values/structured-clone.ts';
import { explainUncloneable } from '../../wire/values/uncloneable.ts';

/**
 * Makes the notice for a progress value, and calls `encode` with the notice: to send, clone or serialize it.
 * @param clone how the channel copies a value, where that is not structured clone
 * @throws NotCloneableError (OFFLOOP_NOT_CLONEABLE)
 */
export function encodeProgress<T>(id: number, value: unknown, channel: Channel, encode: (notice: ProgressNotice) => T, clone?: (value: unknown) => unknown): T {
  const prepared = prepareValue(value, 'progress', { channel, transfer: undefined, exports: undefined });
  const notice: ProgressNotice = prepared === undefined ? { type: 'progress', id, value } : { type: 'progress', id, ...prepared };
  try {
    return encode(notice);
  } catch (cause) {
    throw explainUncloneable(notice.value, 'progress', cause, clone);
  }
}
