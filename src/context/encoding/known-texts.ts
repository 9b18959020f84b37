import { Object } from '../../node/intrinsics.ts';
import { MAX_KEPT } from '../../wire/kept-texts.ts';
import { hasOwnOrOfClass } from '../../node/own-properties.ts';
import type { StoreRecord } from '../carry.ts';
import { flatToText } from './plain.ts';
import { whenRenamed, wireName } from '../stores/wire-names.ts';

/*
 * Texts that have been written before. What is skipped must be safe to skip: the text may depend on nothing but what is compared.
 */

/** What a store held when it was captured. */
export interface StoreText {
  readonly name: string;
  /** JSON. */
  readonly text: string;
  /** Of a text that has been asked for more than once; else 0. No two texts have the same. */
  number: number;
}

/** What a flat object held when its text was written: as long as it holds the same, the text is the same. */
interface FlatText extends StoreText {
  readonly record: StoreRecord;
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
}

let written = new WeakMap<object, FlatText>();
let lastNumber = 0;

whenRenamed.add(() => { written = new WeakMap(); });

/**
 * The text of an object that has only primitive values, as most stores do; undefined where it must be walked, or where something
 * is wrong with it. To compare is several times as fast as to write, and a request's store is captured with each of its calls.
 */
export function flatText(record: StoreRecord, value: object): FlatText | undefined {
  if (record.encode !== undefined || record.schema !== undefined) return undefined;
  const known = written.get(value);
  let now: FlatText | undefined;
  try {
    now = known?.record === record && isStill(known, value) ? known : write(record, value);
  } catch {
    // A getter, or a proxy: the walk will say where.
  }
  if (now === undefined) return undefined;
  if (now !== known) written.set(value, now);
  else if (now.number === 0 && mayKeep(now)) now.number = ++lastNumber;
  return now;
}

/** A worker is to keep neither much nor what is secret. */
function mayKeep({ text, record }: FlatText): boolean {
  return text.length <= MAX_KEPT && !record.sensitive;
}

function write(record: StoreRecord, value: object): FlatText | undefined {
  const keys = flatKeys(record, value);
  // Read once, since what a getter answers may change.
  const values = keys?.map((key) => (value as Record<string, unknown>)[key]);
  const text = keys && flatToText(keys, values!);
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

/** The keys that travel; undefined where that is not all there is to know of the object. */
function flatKeys({ pick }: StoreRecord, value: object): readonly string[] | undefined {
  if (pick !== undefined) return pick.every((key) => typeof key === 'string' && hasOwnOrOfClass(value, key)) ? (pick as readonly string[]) : undefined;
  if (Object.getPrototypeOf(value) !== Object.prototype || Object.getOwnPropertySymbols(value).length > 0) return undefined;
  return Object.keys(value);
}
