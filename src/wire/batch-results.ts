import { types } from 'node:util';

import { Object, Set, Math, Atomics, ArrayBuffer, SharedArrayBuffer, Int32Array, Float64Array, Buffer } from '../node/intrinsics.ts';
import { deserialize, serialize } from './bytes.ts';
import { eachPart } from './values/parts.ts';

/** Tasks in one message at most. More would gain nothing: the message is paid for by then. */
export const MAX_BATCH = 512;

/**
 * Who has a task of a batch: whoever changes `free` first. `done`: its value stands on the sheet. The batch's number is a
 * part of each state, so that one batch cannot be taken for another one.
 */
const state = { free: 0, started: 1, takenBack: 2, done: 3 } as const;
const STATES = 4;

type State = (typeof state)[keyof typeof state];

/** What a task has returned. What is none of these is serialized. */
const kind = { undefined: 0, null: 1, false: 2, true: 3, number: 4, latin1: 5, serialized: 6 } as const;

/** Room for the texts and serialized values of one batch, in bytes. */
const TEXT_BYTES = 64 * 1024;
/** Longer values travel by themselves. */
const MAX_TEXT = 4 * 1024;

const NUMBERS = MAX_BATCH * Float64Array.BYTES_PER_ELEMENT;
const WORDS = MAX_BATCH * Int32Array.BYTES_PER_ELEMENT;
const TENTHS_OF_MICROSECONDS = 10_000;

/**
 * The memory that a pool and a worker thread share for a batch: which tasks have been started, and what the short ones have
 * returned. A value that stands here can be read while the worker is busy with the next task, and even when that task has
 * killed the worker; and it costs less than a message.
 */
export class BatchResults {
  readonly buffer: SharedArrayBuffer;
  readonly #states: Int32Array;
  readonly #kinds: Int32Array;
  readonly #runs: Int32Array;
  /** Where each text ends. */
  readonly #ends: Int32Array;
  readonly #numbers: Float64Array;
  readonly #text: Buffer;
  #used = 0;
  #batch = 0;

  constructor(buffer = new SharedArrayBuffer(NUMBERS + 4 * WORDS + TEXT_BYTES)) {
    const words = (nth: number): Int32Array => new Int32Array(buffer, NUMBERS + nth * WORDS, MAX_BATCH);
    this.buffer = buffer;
    this.#numbers = new Float64Array(buffer, 0, MAX_BATCH);
    this.#states = words(0);
    this.#kinds = words(1);
    this.#runs = words(2);
    this.#ends = words(3);
    this.#text = Buffer.from(buffer, NUMBERS + 4 * WORDS, TEXT_BYTES);
  }

  /** Pool: before the batch of this number, with so many tasks, is sent. */
  clear(size: number, batch: number): void {
    this.#batch = batch;
    this.#states.fill(this.#word(state.free), 0, size);
  }

  /** Pool: true when the task has not been started, and now never will be. */
  takeBack(place: number): boolean {
    return this.#change(place, state.free, state.takenBack);
  }

  isDone(place: number): boolean {
    return Atomics.load(this.#states, place) === this.#word(state.done);
  }

  /** Pool: what a task that is done has returned. */
  valueAt(place: number): unknown {
    switch (this.#kinds[place]) {
      case kind.number:
        return this.#numbers[place];
      case kind.latin1:
        return this.#text.toString('latin1', this.#numbers[place], this.#ends[place]);
      case kind.serialized:
        return deserialize(this.#text.subarray(this.#numbers[place], this.#ends[place]));
      case kind.undefined:
        return undefined;
      case kind.null:
        return null;
      default:
        return this.#kinds[place] === kind.true;
    }
  }

  /** Pool: how long a task that is done has run, in ms. */
  runMs(place: number): number {
    return this.#runs[place]! / TENTHS_OF_MICROSECONDS;
  }

  /** Worker: the batch of this number begins. */
  begin(batch: number): void {
    this.#batch = batch;
    this.#used = 0;
  }

  /** Worker: the task starts now; false when it has been taken back, or when the sheet is no longer this batch's. */
  claim(place: number): boolean {
    return this.#change(place, state.free, state.started);
  }

  /** Worker: the task has returned; false when its value has no room here, or cannot be serialized. */
  finish(place: number, value: unknown, runMs: number): boolean {
    if (!this.#write(place, value)) return false;
    this.#runs[place] = Math.min(2 ** 31 - 1, Math.round(runMs * TENTHS_OF_MICROSECONDS));
    // Last: whoever sees it reads the rest.
    Atomics.store(this.#states, place, this.#word(state.done));
    return true;
  }

  /** A word has 32 bits, and numbers may be used again after half a thousand million batches. */
  #word(of: State): number {
    return (this.#batch * STATES + of) | 0;
  }

  #change(place: number, from: State, to: State): boolean {
    return Atomics.compareExchange(this.#states, place, this.#word(from), this.#word(to)) === this.#word(from);
  }

  #write(place: number, value: unknown): boolean {
    switch (typeof value) {
      case 'number':
        this.#kinds[place] = kind.number;
        this.#numbers[place] = value;
        return true;
      case 'undefined':
        this.#kinds[place] = kind.undefined;
        return true;
      case 'boolean':
        this.#kinds[place] = value ? kind.true : kind.false;
        return true;
      case 'string':
        return isLatin1(value) ? this.#writeLatin1(place, value) : this.#writeSerialized(place, value);
      default:
        if (value !== null) return this.#writeSerialized(place, value);
        this.#kinds[place] = kind.null;
        return true;
    }
  }

  #writeLatin1(place: number, value: string): boolean {
    if (!this.#reserve(place, value.length, kind.latin1)) return false;
    this.#text.write(value, this.#numbers[place]!, value.length, 'latin1');
    return true;
  }

  #writeSerialized(place: number, value: unknown): boolean {
    let bytes: Buffer;
    try {
      if (!isCommon(value)) return false;
      bytes = serialize(value);
    } catch {
      // Something else may be able to carry it, or to say what is wrong with it.
      return false;
    }
    if (!this.#reserve(place, bytes.length, kind.serialized)) return false;
    this.#text.set(bytes, this.#numbers[place]);
    return true;
  }

  #reserve(place: number, length: number, as: number): boolean {
    if (length > MAX_TEXT || this.#used + length > TEXT_BYTES) return false;
    this.#kinds[place] = as;
    this.#numbers[place] = this.#used;
    this.#used += length;
    this.#ends[place] = this.#used;
    return true;
  }
}

/** How many parts of a value are looked at: one with more is too long anyway. */
const MAX_PARTS = 1000;

/**
 * Whether it is made of what V8 itself can carry. Node's own cloneable classes (Blob, KeyObject …) can only go in a message: a
 * serializer makes bare objects of them, without a word since Node 22.
 */
function isCommon(value: unknown): boolean {
  const parts = [value];
  const seen = new Set<unknown>();
  for (const part of parts) {
    if (isLong(part)) return false;
    if (typeof part !== 'object' || part === null || seen.has(part)) continue;
    if (!isCommonClass(part)) return false;
    seen.add(part);
    if (!addParts(part, parts)) return false;
  }
  return true;
}

/** Found out before it is serialized for nothing. */
function isLong(part: unknown): boolean {
  return typeof part === 'string' ? part.length > MAX_TEXT : types.isArrayBuffer(part) && part.byteLength > MAX_TEXT;
}

function addParts(part: object, parts: unknown[]): boolean {
  // The memory of a view is looked at, too: it may be shared, or long.
  if (ArrayBuffer.isView(part)) return parts.push(part.buffer) <= MAX_PARTS;
  return eachPart(part, (next) => parts.push(next) <= MAX_PARTS);
}

const commonClasses = new Set<unknown>([
  ...[null, Object, Array, Map, Set, Date, RegExp, ArrayBuffer, DataView].map((known) => known?.prototype ?? null),
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(({ prototype }) => prototype),
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array].map(({ prototype }) => prototype),
]);

function isCommonClass(object: object): boolean {
  return !types.isProxy(object) && commonClasses.has(Object.getPrototypeOf(object));
}

/** Short, and without a character that takes more than a byte: most names, ids and digests. */
function isLatin1(text: string): boolean {
  if (text.length > 256) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255) return false;
  return true;
}
