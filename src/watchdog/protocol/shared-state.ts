import type { LagStats } from '../types.ts';

/** Upper bounds of the lag histogram in ms, as Prometheus wants them; one more bucket takes longer lags. */
export const LAG_BUCKETS = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

/**
 * `beat`: the last heartbeat. `alive`: the last sign of life of any kind. `idle`: how long the event loop had slept by then, in ms.
 * `lateFrom`, `lateTo`: the latest pause between two heartbeats that was longer than the threshold. `callbackEnd`: when the
 * callback of the stall `endedStall` ended. All instants are `now()`.
 */
const FIELDS = ['beat', 'alive', 'idle', 'lateFrom', 'lateTo', 'callbackEnd', 'lagSum', 'lagCount', 'lagMax', 'expectedCount', 'expectedMs'] as const;
/** `endedStall` and `expected` are numbers: the id of a stall, and how many announced blocks last. */
const FLAGS = ['endedStall', 'expected', 'exiting', 'done'] as const;

/**
 * The memory that the watched thread and the monitor share, since a blocked thread answers no message. Each number has one
 * writer. An aligned 64-bit number is read and written whole on every platform that Node runs on.
 */
export class SharedState {
  readonly buffer: SharedArrayBuffer;
  readonly #numbers: Float64Array;
  readonly #flags: Int32Array;
  readonly lagCounts: Float64Array;

  constructor(buffer = new SharedArrayBuffer(8 * (FIELDS.length + LAG_BUCKETS.length + 1) + 4 * FLAGS.length)) {
    this.buffer = buffer;
    this.#numbers = new Float64Array(buffer, 0, FIELDS.length);
    this.lagCounts = new Float64Array(buffer, 8 * FIELDS.length, LAG_BUCKETS.length + 1);
    this.#flags = new Int32Array(buffer, 8 * (FIELDS.length + LAG_BUCKETS.length + 1), FLAGS.length);
  }

  get(field: (typeof FIELDS)[number]): number {
    return this.#numbers[FIELDS.indexOf(field)]!;
  }

  set(field: (typeof FIELDS)[number], value: number): void {
    this.#numbers[FIELDS.indexOf(field)] = value;
  }

  add(field: (typeof FIELDS)[number], value: number): void {
    this.#numbers[FIELDS.indexOf(field)]! += value;
  }

  flag(name: (typeof FLAGS)[number]): number {
    return Atomics.load(this.#flags, FLAGS.indexOf(name));
  }

  raise(name: (typeof FLAGS)[number], value = 1): void {
    const index = FLAGS.indexOf(name);
    Atomics.store(this.#flags, index, value);
    Atomics.notify(this.#flags, index);
  }

  /** Blocks until the flag is raised, for `ms` at most. */
  waitFor(name: (typeof FLAGS)[number], ms: number): void {
    Atomics.wait(this.#flags, FLAGS.indexOf(name), 0, ms);
  }

  /** Calls back, without blocking, once the flag is raised. */
  whenRaised(name: (typeof FLAGS)[number], callback: () => void): void {
    const { value } = Atomics.waitAsync(this.#flags, FLAGS.indexOf(name), 0);
    if (typeof value === 'string') callback();
    else void value.then(callback);
  }

  /** Announced blocks: how many there were, and how long they took. */
  get expected(): { count: number; ms: number } {
    return { count: this.get('expectedCount'), ms: this.get('expectedMs') };
  }

  recordLag(ms: number): void {
    const bucket = LAG_BUCKETS.findIndex((bound) => ms <= bound);
    this.lagCounts[bucket === -1 ? LAG_BUCKETS.length : bucket]! += 1;
    this.add('lagSum', ms);
    this.add('lagCount', 1);
    if (ms > this.get('lagMax')) this.set('lagMax', ms);
  }

  /** The lag as the buckets tell it; the watched thread's own histogram is finer. */
  get lag(): LagStats {
    const [count, max] = [this.get('lagCount'), this.get('lagMax')];
    return { count, mean: count === 0 ? 0 : this.get('lagSum') / count, p50: this.lagPercentile(0.5), p99: this.lagPercentile(0.99), max };
  }

  /** The upper bound of the bucket that holds this share of all beats, in ms. */
  lagPercentile(share: number): number {
    let rest = this.get('lagCount') * share;
    const bucket = this.lagCounts.findIndex((count) => (rest -= count) <= 0);
    return Math.min(LAG_BUCKETS[bucket] ?? Infinity, this.get('lagMax'));
  }
}
