import { types } from 'node:util';

import { Buffer, String } from '../../node/intrinsics.ts';
import { describe } from '../../validation/describe.ts';

/** A value and how it was reached. The path is put together only for the few places that somebody asks for. */
export interface ValuePath {
  readonly value: unknown;
  readonly parent: ValuePath | undefined;
  /** A key, or the index of an entry in a Map or a Set. */
  readonly step: string | number;
  /** The key of a Map's entry that the value stands in. */
  readonly key?: unknown;
  /** It is the key of a Map's entry, not what the key leads to. */
  readonly isMapKey?: true | undefined;
}

export function show(root: string, place: ValuePath): string {
  return place.parent === undefined ? root : show(root, place.parent) + showStep(place, place.parent.value);
}

/** As a reader would write it: `.name`, `[0]`, `.get('a')`. */
function showStep({ step, key, isMapKey }: ValuePath, holder: unknown): string {
  if (isMapKey === true) return `.keys()[${step}]`;
  if (types.isMap(holder)) return `.get(${describe(key)})`;
  return /^\d+$/.test(String(step)) ? `[${step}]` : `.${step}`;
}

/** Asks nothing of a proxy, which may refuse to answer. */
export function isBuffer(value: unknown): value is Buffer {
  return types.isUint8Array(value) && Buffer.isBuffer(value);
}
