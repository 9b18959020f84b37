import { Math, Number, Atomics, SharedArrayBuffer, Int32Array, Float64Array, Buffer } from '../node/intrinsics.ts';
import { deserialize, serialize } from './bytes.ts';
import { isShortAndSerializable, isShortLatin1 } from './short-values.ts';

/** How many calls a message may have. In a longer message the share of the message itself in the cost of a call is negligible. */
export const MAX_BATCH = 512;

/**
 * The state of a call in a batch. The side that changes `free` first has the call: the worker to run it, or the pool to take it back.
 * `done`: its value is in the results. The stored word includes the batch's number, so that no batch is taken for another one.
 */
const state = { free: 0, started: 1, takenBack: 2, done: 3 } as const;
const STATES = 4;

type State = (typeof state)[keyof typeof state];

/** How a value is stored. All other values are serialized. */
const kind = { undefined: 0, null: 1, false: 2, true: 3, number: 4, latin1: 5, serialized: 6 } as const;

/** Room for the texts and serialized values of one batch, in bytes. */
const TEXT_BYTES = 64 * 1024;
/** Longer values are sent in a message of their own, in bytes. */
const MAX_TEXT = 4 * 1024;

const NUMBERS = MAX_BATCH * Float64Array.BYTES_PER_ELEMENT;
const WORDS = MAX_BATCH * Int32Array.BYTES_PER_ELEMENT;
/** Run times are stored in tenths of a microsecond. */
const UNITS_PER_MS = 10_000;

/**
 * The results of a batch, in memory that the pool and a worker thread share: which calls have been started, and the values of those
 * that returned short ones. The pool can read a value here while the worker runs the next task, and even after that task has ended the
 * worker; and it costs less than a message.
 */
export class BatchResults {
  readonly buffer: SharedArrayBuffer;
  readonly #states: Int32Array;
  readonly #kinds: Int32Array;
  readonly #runs: Int32Array;
  /** Where the text of each call ends. */
  readonly #ends: Int32Array;
  readonly #numbers: Float64Array;
  readonly #cpus: Float64Array;
  readonly #text: Buffer;
  #used = 0;
  #batch = 0;

  constructor(buffer = new SharedArrayBuffer(2 * NUMBERS + 4 * WORDS + TEXT_BYTES)) {
    const words = (nth: number): Int32Array => new Int32Array(buffer, 2 * NUMBERS + nth * WORDS, MAX_BATCH);
    this.buffer = buffer;
    this.#numbers = new Float64Array(buffer, 0, MAX_BATCH);
    this.#cpus = new Float64Array(buffer, NUMBERS, MAX_BATCH);
    this.#states = words(0);
    this.#kinds = words(1);
    this.#runs = words(2);
    this.#ends = words(3);
    this.#text = Buffer.from(buffer, 2 * NUMBERS + 4 * WORDS, TEXT_BYTES);
  }

  /** For the pool, before it sends the batch of this number, with so many calls. */
  clear(size: number, batch: number): void {
    this.#batch = batch;
    this.#states.fill(this.#word(state.free), 0, size);
    this.#cpus.fill(NaN, 0, size);
  }

  /** For the pool. @returns whether the call had not been started; then the worker never starts it */
  takeBack(place: number): boolean {
    return this.#change(place, state.free, state.takenBack);
  }

  isDone(place: number): boolean {
    return Atomics.load(this.#states, place) === this.#word(state.done);
  }

  /** For the pool: whether the worker has started none of the calls behind this one, of so many in the batch. */
  isLastStarted(place: number, size: number): boolean {
    for (let later = place + 1; later < size; later++) {
      const word = Atomics.load(this.#states, later);
      if (word === this.#word(state.started) || word === this.#word(state.done)) return false;
    }
    return true;
  }

  /** For the pool: the value of a call that is done. */
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

  /** For the pool: how long a call that is done has run, in ms. */
  runMs(place: number): number {
    return this.#runs[place]! / UNITS_PER_MS;
  }

  /** For the pool: the CPU time of a call, in ms; undefined where the worker has not written it. */
  cpuMs(place: number): number | undefined {
    const ms = this.#cpus[place]!;
    return Number.isNaN(ms) ? undefined : ms;
  }

  /** For the worker. */
  setCpu(place: number, ms: number): void {
    this.#cpus[place] = ms;
  }

  /** For the worker: the batch of this number begins. */
  begin(batch: number): void {
    this.#batch = batch;
    this.#used = 0;
  }

  /** For the worker: takes the call to run it. @returns false where the pool has taken the call back, or uses the results for another batch */
  claim(place: number): boolean {
    return this.#change(place, state.free, state.started);
  }

  /** For the worker: stores the value that the task has returned. @returns false where the value has no room here, or cannot be serialized */
  store(place: number, value: unknown, runMs: number): boolean {
    if (!this.#write(place, value)) return false;
    this.#runs[place] = Math.min(2 ** 31 - 1, Math.round(runMs * UNITS_PER_MS));
    // The state last: a pool that sees `done` reads the rest.
    Atomics.store(this.#states, place, this.#word(state.done));
    return true;
  }

  /** A word has 32 bits, so numbers repeat after about 500 million batches, when no batch of that number is left. */
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
        return isShortLatin1(value) ? this.#writeLatin1(place, value) : this.#writeSerialized(place, value);
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
      if (!isShortAndSerializable(value, MAX_TEXT)) return false;
      bytes = serialize(value);
    } catch {
      // A message may be able to carry the value, or its sender can say what is wrong with it.
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
