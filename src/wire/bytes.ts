import type { Transferable } from 'node:worker_threads';

import { structuredClone } from '../node/intrinsics.ts';
import { v8 } from '../node/builtins.ts';

/**
 * A message to or from a process. Serialized here and not by the channel, so that what cannot be serialized is an error
 * of this call, and not an exception in the channel's own event handler, which would end the process.
 */
export interface BytesMessage {
  readonly bytes: Uint8Array;
}

/** @throws DataCloneError */
export function toBytes(message: unknown): BytesMessage {
  return { bytes: serialize(message) };
}

export function fromBytes<T>({ bytes }: BytesMessage): T {
  return deserialize(bytes) as T;
}

/**
 * As a message to a thread is written: `v8.serialize()` has another way with typed arrays, which then arrive as views of the
 * whole message. What only a message can carry (shared memory, ports, Blobs) is refused, or mangled: see `refuseMangled`.
 * @throws DataCloneError
 */
export function serialize(value: unknown): Buffer {
  const serializer = new (v8().Serializer)();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

export function deserialize(bytes: Uint8Array): unknown {
  const deserializer = new (v8().Deserializer)(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

/** In place of an answer: the process could not read what it was sent. */
export interface UnreadAnswer {
  readonly unread: unknown;
}

export function isUnreadAnswer(answer: unknown): answer is UnreadAnswer {
  return typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'unread');
}

/** A notice beside the answers, in either direction; undefined where the message is none, or cannot be read. */
export function noticeOf<T extends { readonly type: string }>(message: unknown): T | undefined {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, 'offloop')) return undefined;
  try {
    return fromBytes<T | undefined>((message as { readonly offloop: BytesMessage }).offloop);
  } catch {
    return undefined;
  }
}

/** Nothing can be handed over to another process; it is copied, and then taken from the sender all the same. */
export function detach(transfer: readonly Transferable[] | undefined): void {
  if (transfer !== undefined && transfer.length > 0) structuredClone(null, { transfer: [...transfer] });
}
