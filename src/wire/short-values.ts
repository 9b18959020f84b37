import { types } from 'node:util';

import { ArrayBuffer, Set } from '../node/intrinsics.ts';
import { isSerializable } from './values/structured-clone.ts';
import { eachPart } from './values/value-parts.ts';

/** How many parts of a value are visited: a value with more parts is too long anyway. */
const MAX_PARTS = 1000;

/** Whether V8 alone can serialize the value, and no part is longer than this, in bytes. */
export function isShortAndSerializable(value: unknown, maxLength: number): boolean {
  const parts = [value];
  const seen = new Set<unknown>();
  for (const part of parts) {
    if (isLong(part, maxLength)) return false;
    if (typeof part !== 'object' || part === null || seen.has(part)) continue;
    if (!isSerializable(part)) return false;
    seen.add(part);
    if (!addParts(part, parts)) return false;
  }
  return true;
}

/** Checked before the value is serialized in vain. */
function isLong(part: unknown, maxLength: number): boolean {
  return typeof part === 'string' ? part.length > maxLength : types.isArrayBuffer(part) && part.byteLength > maxLength;
}

function addParts(part: object, parts: unknown[]): boolean {
  // The memory of a view is a part, too: it may be shared, or long.
  if (ArrayBuffer.isView(part)) return parts.push(part.buffer) <= MAX_PARTS;
  return eachPart(part, (next) => parts.push(next) <= MAX_PARTS);
}

/** Whether a text is short and takes one byte for each character, as most names, ids and digests do. */
export function isShortLatin1(text: string): boolean {
  if (text.length > 256) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255) return false;
  return true;
}
