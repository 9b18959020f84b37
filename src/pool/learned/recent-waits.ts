/** The weight of the newest wait: after a change of load, a dozen calls are enough. */
const WEIGHT = 0.25;
/** The weight of a wait that is much shorter than what is known, such as the first one after the main thread was busy. */
const SHORT_WEIGHT = 0.5;
const MUCH_SHORTER = 0.25;
/** A longer queue than this many times the one that was seen says nothing certain. */
const FARTHEST = 4;
/** After this many ms without a wait, what is known is forgotten. */
const KEPT_MS = 30_000;
/** How many groups of calls are remembered, beside those that are waiting. */
const KEPT_GROUPS = 1000;

/**
 * The recent waits of calls of one priority, size class and key. The wait is taken to grow with the number of these calls that wait
 * already: so a queue that has drained since refuses nobody, and calls that overtake others are not counted with the others.
 */
export class Waits {
  #waiting = 0;
  /** Ms for each call that waited before, and for the call itself. */
  #msPerCall = 0;
  /** The longest queue that was seen, in calls; less with each shorter one. */
  #ahead = 0;
  #recordedAt = -Infinity;

  /** How many of these calls wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Call this when a call begins to wait. @returns how many wait already */
  enter(): number {
    return this.#waiting++;
  }

  /** Call this when a call leaves the queue. */
  leave(): void {
    this.#waiting--;
  }

  /** Call this when a call is sent to a worker that was not free when it came. @param ahead how many waited when it came @param at an instant of `now()` */
  record(waitMs: number, ahead: number, at: number): void {
    const ms = waitMs / (ahead + 1);
    const weight = at - this.#recordedAt > KEPT_MS ? 1 : ms < this.#msPerCall * MUCH_SHORTER ? SHORT_WEIGHT : WEIGHT;
    this.#msPerCall += (ms - this.#msPerCall) * weight;
    this.#ahead = Math.max(ahead, this.#ahead * (1 - weight / 4));
    this.#recordedAt = at;
  }

  /**
   * How long a call that comes now will wait, in ms; undefined where nothing recent is known, and where none of these calls waits.
   * @param at an instant of `now()`
   */
  expected(at: number): number | undefined {
    if (this.#waiting === 0 || at - this.#recordedAt > KEPT_MS) return undefined;
    // A call that waited behind no other one tells how long a worker may be busy, and not how fast the queue moves.
    return this.#msPerCall * Math.min(this.#waiting + 1, FARTHEST * this.#ahead + 1);
  }
}

interface Group {
  readonly priority: number;
  readonly sizeClass: object;
  readonly key: string | undefined;
  readonly waits: Waits;
}

/** The recent waits of a pool's calls, by priority, size class and the key by which calls take turns. */
export class RecentWaits {
  readonly #groups = new Map<object, Map<string | number, Group>>();
  #size = 0;
  #limit = KEPT_GROUPS;
  /** The group that was asked for last: most programs need no lookup. */
  #recent: Group | undefined;

  of(priority: number, sizeClass: object, key: string | undefined): Waits {
    const recent = this.#recent;
    if (recent?.priority === priority && recent.sizeClass === sizeClass && recent.key === key) return recent.waits;
    return (this.#recent = this.#find(priority, sizeClass, key)).waits;
  }

  /** How long the calls that wait now will take to leave the queue, in ms; undefined where nothing recent is known. */
  drainTime(at: number): number | undefined {
    let longest = 0;
    for (const groups of this.#groups.values()) {
      for (const { waits } of groups.values()) longest = Math.max(longest, waits.expected(at) ?? 0);
    }
    return longest === 0 ? undefined : longest;
  }

  #find(priority: number, sizeClass: object, key: string | undefined): Group {
    const id = key === undefined ? priority : `${String(priority)} ${key}`;
    let groups = this.#groups.get(sizeClass);
    if (groups === undefined) this.#groups.set(sizeClass, (groups = new Map<string | number, Group>()));
    let group = groups.get(id);
    if (group === undefined) {
      if (this.#size >= this.#limit) this.#forgetIdle();
      // The class may have been forgotten, too.
      this.#groups.set(sizeClass, groups);
      groups.set(id, (group = { priority, sizeClass, key, waits: new Waits() }));
      this.#size++;
    }
    return group;
  }

  #forgetIdle(): void {
    this.#size = 0;
    for (const [sizeClass, groups] of this.#groups) {
      for (const [id, { waits }] of groups) if (waits.waiting === 0) groups.delete(id);
      this.#size += groups.size;
      if (groups.size === 0) this.#groups.delete(sizeClass);
    }
    this.#limit = Math.max(KEPT_GROUPS, 2 * this.#size);
  }
}
