import { Object, WeakMap } from '../../node/intrinsics.ts';
import { MAX_KEPT } from '../../wire/kept-texts.ts';
import { hasOwnOrOfClass } from '../../node/own-properties.ts';
import type { StoreRecord } from '../stores/store-record.ts';
import { renameListeners, wireName } from '../stores/names.ts';
import { writeFlatJson } from './json-writer.ts';

/** A store's value when it was captured. */
export interface StoreText {
  readonly name: string;
  /** JSON. */
  readonly text: string;
  /** Unique to this text, once the text has been asked for more than once; else 0. */
  number: number;
}

/** The text of a flat object, and the content that it was written from: the text holds as long as the object has the same content. */
interface FlatText extends StoreText {
  readonly record: StoreRecord;
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
}

let written = new WeakMap<object, FlatText>();
let lastNumber = 0;

renameListeners.add(() => { written = new WeakMap(); });

/**
 * The text of a flat object, which has only primitive values, as most stores do; undefined where the object must be walked, or where
 * something is wrong with it. To compare is several times as fast as to write, and a request's store is captured with each of its
 * calls. The text must depend on nothing but what is compared: no codec and no schema.
 */
export function cachedText(record: StoreRecord, value: object): FlatText | undefined {
  if (record.encode !== undefined || record.schema !== undefined) return undefined;
  const known = written.get(value);
  let now: FlatText | undefined;
  try {
    now = known?.record === record && isStill(known, value) ? known : write(record, value);
  } catch {
    // A getter or a proxy threw: the walk finds where.
  }
  if (now === undefined) return undefined;
  if (now !== known) written.set(value, now);
  else if (now.number === 0 && mayKeep(now)) now.number = ++lastNumber;
  return now;
}

/** Whether workers may keep the text: they keep neither long texts nor sensitive ones. */
function mayKeep({ text, record }: FlatText): boolean {
  return text.length <= MAX_KEPT && !record.sensitive;
}

function write(record: StoreRecord, value: object): FlatText | undefined {
  const keys = flatKeys(record, value);
  // Each value is read once, since a getter may return something else the next time.
  const values = keys?.map((key) => (value as Record<string, unknown>)[key]);
  const text = keys && writeFlatJson(keys, values!);
  return text === undefined ? undefined : { name: wireName(record), text, number: 0, record, keys: keys!, values: values! };
}

function isStill({ record, keys, values }: FlatText, value: object): boolean {
  const now = flatKeys(record, value);
  if (now?.length !== keys.length) return false;
  for (let i = 0; i < keys.length; i++) {
    if (now[i] !== keys[i] || !Object.is((value as Record<string, unknown>)[keys[i]!], values[i])) return false;
  }
  return true;
}

/** The keys that travel; undefined where the keys alone do not describe the object. */
function flatKeys({ pick }: StoreRecord, value: object): readonly string[] | undefined {
  if (pick !== undefined) return pick.every((key) => typeof key === 'string' && hasOwnOrOfClass(value, key)) ? (pick as readonly string[]) : undefined;
  if (Object.getPrototypeOf(value) !== Object.prototype || Object.getOwnPropertySymbols(value).length > 0) return undefined;
  return Object.keys(value);
}
