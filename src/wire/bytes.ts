import type { Transferable } from 'node:worker_threads';

import { structuredClone } from '../node/intrinsics.ts';
import { v8 } from '../node/builtins.ts';

/**
 * A request to a process, or its response. Serialized here and not by the channel, so that a value that cannot be serialized is an
 * error of its own call, and not an exception in the channel's event handler, which would end the process.
 */
export interface BytesMessage {
  readonly type: 'bytes';
  readonly bytes: Uint8Array;
  /** With a response: the CPU time of the call, and that of the process since it started, in ms. */
  readonly cpuMs?: number;
  readonly cpuAtEnd?: number;
}

/** @throws DataCloneError */
export function packMessage(message: unknown): BytesMessage {
  return { type: 'bytes', bytes: serialize(message) };
}

export function unpackMessage<T>({ bytes }: BytesMessage): T {
  return deserialize(bytes) as T;
}

/** A message beside requests and responses on the channel of a process, in either direction. Its key marks it as offloop's. */
export interface NoticeEnvelope {
  readonly offloop: Uint8Array;
}

/** @throws DataCloneError */
export function packNotice(notice: { readonly type: string }): NoticeEnvelope {
  return { offloop: serialize(notice) };
}

/** Undefined where the message is not offloop's, or cannot be read. */
export function unpackNotice<T extends { readonly type: string }>(message: unknown): T | undefined {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, 'offloop')) return undefined;
  try {
    return deserialize((message as NoticeEnvelope).offloop) as T | undefined;
  } catch {
    return undefined;
  }
}

/**
 * Serializes as a message to a thread does. `v8.serialize()` treats typed arrays differently: they arrive as views of the whole
 * message. Values that only a message can carry (shared memory, ports, Blobs) are refused here, or lose their class: see `refuseChanged`.
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

/** Nothing can be transferred to another process: the memory is copied, and then taken from the sender as a transfer would. */
export function detach(transfer: readonly Transferable[] | undefined): void {
  if (transfer !== undefined && transfer.length > 0) structuredClone(null, { transfer: [...transfer] });
}
