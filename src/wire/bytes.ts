import type { Transferable } from 'node:worker_threads';

import { v8 } from '../builtins.ts';

/**
 * A message to or from a process. Serialized here and not by the channel, so that what cannot be serialized is an error
 * of this call, and not an exception in the channel's own event handler, which would end the process.
 */
export interface BytesMessage {
  readonly bytes: Uint8Array;
}

/** @throws DataCloneError */
export function toBytes(message: unknown): BytesMessage {
  return { bytes: v8().serialize(message) };
}

export function fromBytes<T>({ bytes }: BytesMessage): T {
  return v8().deserialize(bytes) as T;
}

/** Nothing can be handed over to another process; it is copied, and then taken from the sender all the same. */
export function detach(transfer: readonly Transferable[] | undefined): void {
  if (transfer !== undefined && transfer.length > 0) structuredClone(null, { transfer: [...transfer] });
}
