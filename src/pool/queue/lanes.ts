import { leastOfLane } from '../learned/learned.ts';
import { Heap, type Heaped } from './heap.ts';

/** The calls of one task with arguments of one size. */
export interface CallClass {
  /** How many of its calls wait. */
  waiting: number;
}

/** An item of the queue. It has the links to its neighbours, so that removing it from the middle takes constant time. */
export interface Queued {
  /** Larger ones were called later. */
  readonly id: number;
  readonly priority: number;
  /** When it was called, an instant of `now()`. */
  readonly calledAt: number;
  readonly learned: CallClass;
  /** The lane of its expected run time, fixed when it was called: see learned.ts. 0 where calls wait first come, first served. */
  readonly lane: number;
  next: Queued | undefined;
  previous: Queued | undefined;
  isQueued: boolean;
  /** Whether the item had left the queue and was put back. */
  isRequeued: boolean;
}

/** Decides whether items of this class that wait in this lane may leave the queue now. */
export type Accept = (item: Pick<Queued, 'learned' | 'lane'>) => boolean;

/**
 * Where a worker is free for any call, a call may be overtaken by shorter ones that were called up to this many times its own expected run time
 * later. So a heavy call is never starved, and a light one waits for few heavy ones.
 */
const AGING = 4;

/** How many lanes are kept, even when they are empty: a program that has few kinds of calls uses the same ones again. */
const KEPT_LANES = 16;

/** Items of one class and one expected run time, first come, first served. */
interface Lane extends Heaped {
  readonly learned: CallClass;
  readonly number: number;
  /** In ms: items leave in the order of `calledAt` plus this. */
  readonly delay: number;
  first: Queued | undefined;
  last: Queued | undefined;
}

/**
 * Waiting items, in the order of the time of the call plus a multiple of the expected run time. That sum is fixed when the item is
 * called. Since run times are counted in powers of two, each lane is in order by itself, and the next item is the first one of a
 * lane: adding and removing take O(log n) for n lanes with items, of which few are in use. Items of one lane are all of one class, so
 * whatever may leave now is found without a look at what may not.
 */
export class Lanes<T extends Queued> {
  readonly #byClass = new Map<CallClass, Lane[]>();
  #count = 0;
  /** The lanes that have items. */
  readonly #active = new Heap<Lane>(isFirst);
  /** The lane that was used last: many items of one kind follow each other. */
  #recent: Lane | undefined;

  get isEmpty(): boolean {
    return this.#active.size === 0;
  }

  get first(): T | undefined {
    return this.#active.top?.first as T | undefined;
  }

  /** The first item that may leave now. */
  find(accept: Accept): T | undefined {
    return this.#active.findIn(({ first }) => (accept(first!) ? first as T : undefined));
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
    while (next !== undefined && next.id < item.id) next = next.next;
    if (next === undefined) {
      this.push(item);
      return;
    }
    item.next = next;
    item.previous = next.previous;
    next.previous = item;
    if (item.previous === undefined) this.#setFirst(lane, item);
    else item.previous.next = item;
  }

  remove(item: T): void {
    const lane = this.#laneOf(item);
    const { next, previous } = item;
    item.next = item.previous = undefined;
    if (next === undefined) lane.last = previous;
    else next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else if (next !== undefined) this.#setFirst(lane, next);
    else this.#close(lane);
  }

  #laneOf({ learned, lane: number }: T): Lane {
    const recent = this.#recent;
    if (recent?.learned === learned && recent.number === number) return recent;
    return (this.#recent = this.#byClass.get(learned)?.find((lane) => lane.number === number) ?? this.#newLane(learned, number));
  }

  #newLane(learned: CallClass, number: number): Lane {
    const lane = { learned, number, heapIndex: -1, delay: AGING * leastOfLane(number), first: undefined, last: undefined };
    const others = this.#byClass.get(learned);
    if (others === undefined) this.#byClass.set(learned, [lane]);
    else others.push(lane);
    this.#count++;
    return lane;
  }

  #open(lane: Lane, item: T): void {
    lane.first = item;
    this.#active.add(lane);
  }

  #setFirst(lane: Lane, item: Queued): void {
    lane.first = item;
    if (this.#active.size > 1) this.#active.move(lane);
  }

  #close(lane: Lane): void {
    lane.first = undefined;
    this.#active.remove(lane);
    if (this.#count <= KEPT_LANES) return;
    this.#count--;
    this.#recent = undefined;
    const others = this.#byClass.get(lane.learned)!.filter((other) => other !== lane);
    if (others.length === 0) this.#byClass.delete(lane.learned);
    else this.#byClass.set(lane.learned, others);
  }
}

/** Where two are equal, the shorter run comes first, and then the call that was made first. */
function isFirst(one: Lane, other: Lane): boolean {
  const by = one.first!.calledAt + one.delay - other.first!.calledAt - other.delay;
  if (by !== 0) return by < 0;
  return one.delay === other.delay ? one.first!.id < other.first!.id : one.delay < other.delay;
}

/** Whether one item leaves the queue before another one, whatever their keys. */
export function isBefore(one: Queued, other: Queued): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority;
  return one.calledAt + AGING * leastOfLane(one.lane) < other.calledAt + AGING * leastOfLane(other.lane);
}
