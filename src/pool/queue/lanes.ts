import { leastOfLane } from '../learned/learned.ts';

/** An item of the queue. It has the links to its neighbours, so that removing it from the middle takes constant time. */
export interface Queued {
  readonly priority: number;
  /** When it was called, an instant of `now()`. */
  readonly calledAt: number;
  /** The lane of its expected run time, fixed when it was called: see learned.ts. 0 where calls wait first come, first served. */
  readonly lane: number;
  next: Queued | undefined;
  previous: Queued | undefined;
  isQueued: boolean;
  /** Whether the item had left the queue and was put back. */
  isRequeued: boolean;
}

/** Decides whether an item may leave the queue now. */
export type Accept<T> = (item: T) => boolean;

/**
 * A call may be overtaken by shorter ones that were called up to this many times its own expected run time later. So a heavy call is
 * never starved, and a light one waits for few heavy ones.
 */
const AGING = 4;

/** How many items of a lane are looked at for one that may leave now. */
const LOOKED_AT = 32;

/** Items of one expected run time, first come, first served. */
interface Lane {
  /** In ms: items leave in the order of `calledAt` plus this. */
  readonly delay: number;
  first: Queued | undefined;
  last: Queued | undefined;
}

/**
 * Waiting items, in the order of the time of the call plus a multiple of the expected run time. That sum is fixed when the item is
 * called. Since run times are counted in powers of two, each lane is in order by itself, and the next item is the first one of a
 * lane: adding and removing take constant time, with as many comparisons as there are lanes with items, of which few are in use.
 */
export class Lanes<T extends Queued> {
  readonly #lanes: (Lane | undefined)[] = [];
  /** The lanes that have items. */
  readonly #active: Lane[] = [];

  get isEmpty(): boolean {
    return this.#active.length === 0;
  }

  get first(): T | undefined {
    let best = this.#active[0];
    for (let i = 1; i < this.#active.length; i++) if (isFirst(this.#active[i]!, best!)) best = this.#active[i];
    return best?.first as T | undefined;
  }

  /** The first item that may leave now, of those that have been waiting longest in their lanes. */
  find(accept: Accept<T>): T | undefined {
    for (const { first } of [...this.#active].sort((one, other) => (isFirst(one, other) ? -1 : 1))) {
      let item = first;
      for (let i = 0; i < LOOKED_AT && item !== undefined; i++, item = item.next) if (accept(item as T)) return item as T;
    }
    return undefined;
  }

  push(item: T): void {
    const lane = this.#laneOf(item);
    item.previous = lane.last;
    if (lane.last === undefined) this.#open(lane, item);
    else lane.last.next = item;
    lane.last = item;
  }

  /** Puts an item back to where it was: nearly always before all others of its lane. */
  unshift(item: T): void {
    const lane = this.#laneOf(item);
    let next = lane.first;
    // Several workers may return calls, and the one that returns the later calls may be the last one to do so.
    while (next !== undefined && next.calledAt < item.calledAt) next = next.next;
    if (next === undefined) {
      this.push(item);
      return;
    }
    item.next = next;
    item.previous = next.previous;
    if (next.previous === undefined) lane.first = item;
    else next.previous.next = item;
    next.previous = item;
  }

  remove(item: T): void {
    const lane = this.#laneOf(item);
    if (item.previous === undefined) lane.first = item.next;
    else item.previous.next = item.next;
    if (item.next === undefined) lane.last = item.previous;
    else item.next.previous = item.previous;
    item.next = item.previous = undefined;
    if (lane.first === undefined) this.#active.splice(this.#active.indexOf(lane), 1);
  }

  #laneOf({ lane }: T): Lane {
    return (this.#lanes[lane] ??= { delay: AGING * leastOfLane(lane), first: undefined, last: undefined });
  }

  #open(lane: Lane, item: T): void {
    lane.first = item;
    this.#active.push(lane);
  }
}

/** Where two are equal, the shorter run comes first. */
function isFirst(one: Lane, other: Lane): boolean {
  const by = one.first!.calledAt + one.delay - other.first!.calledAt - other.delay;
  return by === 0 ? one.delay < other.delay : by < 0;
}

/** Whether one item leaves the queue before another one, whatever their keys. */
export function isBefore(one: Queued, other: Queued): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority;
  return one.calledAt + AGING * leastOfLane(one.lane) < other.calledAt + AGING * leastOfLane(other.lane);
}
