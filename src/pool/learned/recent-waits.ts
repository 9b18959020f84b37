/** The weight of the newest wait: after a change of load, a dozen calls are enough. */
const WEIGHT = 0.25;
/** A longer queue than this many times the one that was seen says nothing certain: the first calls also wait for their worker's start. */
const FARTHEST = 4;
/** After this many ms without a wait, what is known is forgotten. */
const KEPT_MS = 30_000;
/** A call that waits for less than this, in ms, and for no other call, found a free worker. */
const AT_ONCE_MS = 1;
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

  /** Call this when a call is sent to a worker. @param ahead how many waited when it came @param at an instant of `now()` */
  record(waitMs: number, ahead: number, at: number): void {
    if (ahead === 0 && waitMs < AT_ONCE_MS) return;
    const weight = at - this.#recordedAt > KEPT_MS ? 1 : WEIGHT;
    this.#msPerCall += (waitMs / (ahead + 1) - this.#msPerCall) * weight;
    this.#ahead = Math.max(ahead, this.#ahead * (1 - weight / 4));
    this.#recordedAt = at;
  }

  /**
   * How long a call that comes now will wait, in ms; undefined where nothing recent is known, and where none of these calls waits.
   * @param at an instant of `now()`
   */
  expected(at: number): number | undefined {
    if (this.#waiting === 0 || at - this.#recordedAt > KEPT_MS) return undefined;
    return this.#msPerCall * Math.min(this.#waiting + 1, FARTHEST * (this.#ahead + 1));
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
