import { types } from 'node:util';

import { describe } from '../describe.ts';

/** Where something is: each step is a key, or the index of an entry in a Map or a Set. */
export type Path = readonly (string | number)[];

/** A value and how it was reached. The path is put together only for the few places that somebody asks for. */
export interface Place {
  readonly value: unknown;
  readonly parent: Place | undefined;
  readonly step: string | number;
  /** It is the key of a Map's entry, not what the key leads to. */
  readonly isMapKey?: true;
}

export function pathTo(place: Place): Path {
  return place.parent === undefined ? [] : [...pathTo(place.parent), place.step];
}

export function show(root: string, place: Place): string {
  return place.parent === undefined ? root : show(root, place.parent) + showStep(place, place.parent.value);
}

/** As a reader would write it: `.name`, `[0]`, `.get('a')`. */
function showStep({ step, isMapKey }: Place, holder: unknown): string {
  if (isMapKey === true) return `.keys()[${step}]`;
  if (types.isMap(holder)) return `.get(${describe([...holder.keys()][Number(step)])})`;
  return /^\d+$/.test(String(step)) ? `[${step}]` : `.${step}`;
}

/** What structured clone descends into. A generator, since an array may be long and the budget short. */
export function* children(parent: Place): Generator<Place> {
  const { value } = parent;
  if (typeof value !== 'object' || value === null || types.isProxy(value) || ArrayBuffer.isView(value)) return;
  if (types.isMap(value)) yield* mapChildren(value, parent);
  else if (Array.isArray(value) || types.isSet(value)) yield* itemChildren(value, parent);
  else for (const key of Object.keys(value)) yield { value: readQuietly(value, key), parent, step: key };
}

function* itemChildren(items: Iterable<unknown>, parent: Place): Generator<Place> {
  let step = 0;
  for (const value of items) yield { value, parent, step: step++ };
}

function* mapChildren(map: ReadonlyMap<unknown, unknown>, parent: Place): Generator<Place> {
  let step = 0;
  for (const [key, value] of map) {
    // A key is cloned too, but nobody looks a Buffer up by its identity on the other side.
    if (!isBuffer(key)) yield { value: key, parent, step, isMapKey: true };
    yield { value, parent, step: step++ };
  }
}

/** Asks nothing of a proxy, which may refuse to answer. */
export function isBuffer(value: unknown): value is Buffer {
  return types.isUint8Array(value) && Buffer.isBuffer(value);
}

function readQuietly(object: object, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    // Structured clone will meet the same getter; a symbol stands for "cannot be cloned".
    return Symbol('a getter that throws');
  }
}
