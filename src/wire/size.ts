import { types } from 'node:util';

import { ArrayBuffer } from '../node/intrinsics.ts';

/** The size of arguments, as far as they have been visited: the number of their values, the letters of their texts, the bytes of their binary data. */
export interface Size {
  readonly size: number;
  /** Whether there are more values than were visited. Lists that were met count with their whole length. */
  readonly isPartial: boolean;
}

/** The size of a value without parts. Nothing is asked of a proxy. */
export function sizeOfLeaf(value: unknown): number {
  if (typeof value === 'string') return value.length + 1;
  return typeof value === 'object' && value !== null ? bytesOf(value) + 1 : 1;
}

function bytesOf(value: object): number {
  if (!ArrayBuffer.isView(value) && !types.isAnyArrayBuffer(value)) return 0;
  try {
    return value.byteLength;
  } catch {
    // The view is out of its buffer's bounds: cloning will meet the same error.
    return 0;
  }
}
