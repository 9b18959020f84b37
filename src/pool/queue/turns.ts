import { SHORT_MS } from '../learned/learned.ts';
import { Heap, type Heaped } from './heap.ts';
import { Lanes, type Accept, type Queued } from './lanes.ts';

/** An item that takes its turn with the others of its key. */
export interface SharingItem extends Queued {
  /** Undefined where calls take no turns. */
  readonly turn: Turn | undefined;
}

/** The turn of one item. It is an object of its own, since most pools have no turns, and tens of thousands of calls may wait. */
export class Turn {
  readonly key: string | undefined;
  /** The share that the item waits in, or is charged to. */
  share: Share | undefined;
  /** The charge to the share when the item left, in ms. */
  charged = 0;

  constructor(key: string | undefined) {
    this.key = key;
  }

  /** Corrects what the share was charged, once the run is over, or has not begun. */
  correct(ms: number): void {
    this.share?.charge(ms - this.charged);
    this.charged = 0;
  }
}

/** How many keys that have no waiting call are remembered. */
const KEPT_SHARES = 1000;

/** The longest run that a share is charged in advance, in ms: `expected` may be any number, and the charge fits into a small integer. */
const LONGEST_CHARGED = 1_000_000;

/**
 * The charge to a share for a run. All short runs cost the same: so keys with short calls take turns call by call, and a slow first run,
 * which loads a module, does not let hundreds of the others' calls pass.
 */
export function chargeFor(ms: number): number {
  return Math.min(LONGEST_CHARGED, Math.max(SHORT_MS, ms));
}

/** The calls of one key, and the time that they have had. */
export class Share implements Heaped {
  heapIndex = -1;
  readonly lanes = new Lanes<SharingItem>();
  readonly #turns: Turns;
  #served = 0;
  #turn = 0;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Ms of workers' time that the key has had, or is taken to have had: a key that comes back starts where the others are. */
  get served(): number {
    return this.#served;
  }

  /** Orders keys that have had the same. */
  get turn(): number {
    return this.#turn;
  }

  /** Adds to the time that the key has had: what a call is expected to take, and later what is missing, which may be less than 0. */
  charge(ms: number): void {
    this.#served += ms;
    this.#turns.reorder(this);
  }

  /** Puts the key behind those that have had the same time and have not come to their turn since. */
  startTurn(turn: number, least: number): void {
    this.#served = Math.max(this.#served, least);
    this.#turn = turn;
  }
}

/**
 * Waiting calls of one priority, which take turns by key: the key that has had the least of the workers' time comes first (start-time fair
 * queueing, Goyal and others, 1996, which is deficit round robin with exact accounts). A key that has been away is not owed anything,
 * and what it has had too much is remembered.
 */
export class Turns {
  readonly #shares = new Map<string | undefined, Share>();
  /** The keys that have waiting calls. */
  readonly #waiting = new Heap<Share>((one, other) => (one.served === other.served ? one.turn < other.turn : one.served < other.served));
  #turn = 0;
  /** At how many keys idle ones are forgotten: the more keys have waiting calls, the more rarely they are all looked at. */
  #forgetAt = KEPT_SHARES;
  /** The time that the key had had whose call left last. */
  #now = 0;

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  get first(): SharingItem | undefined {
    return this.#waiting.top?.lanes.first;
  }

  find(accept: Accept): SharingItem | undefined {
    return this.#waiting.findIn(({ lanes }) => lanes.find(accept));
  }

  push(item: SharingItem): void {
    const share = this.#enter(item);
    share.lanes.push(item);
    this.#join(share);
  }

  unshift(item: SharingItem): void {
    const share = this.#enter(item);
    share.lanes.unshift(item);
    this.#join(share);
  }

  remove(item: SharingItem): void {
    const share = item.turn!.share!;
    share.lanes.remove(item);
    if (share.lanes.isEmpty) this.#waiting.remove(share);
  }

  /** Call this when an item leaves for a worker. @param ms what the call is expected to take */
  charge(item: SharingItem, ms: number): void {
    const share = item.turn!.share!;
    this.#now = Math.max(this.#now, share.served);
    share.startTurn(++this.#turn, 0);
    item.turn!.charged = chargeFor(ms);
    share.charge(item.turn!.charged);
  }

  reorder(share: Share): void {
    this.#waiting.move(share);
  }

  #enter({ turn }: SharingItem): Share {
    return (turn!.share = this.#shareOf(turn!.key));
  }

  /** Calls without a key have one share together. */
  #shareOf(key: string | undefined): Share {
    let share = this.#shares.get(key);
    if (share === undefined) {
      if (this.#shares.size >= this.#forgetAt) this.#forgetIdle();
      this.#shares.set(key, (share = new Share(this)));
    }
    return share;
  }

  #join(share: Share): void {
    if (share.heapIndex >= 0) return;
    share.startTurn(++this.#turn, this.#now);
    this.#waiting.add(share);
  }

  /** Forgets keys that have no waiting call: first those that owe nothing, then, where these are few, all of them. */
  #forgetIdle(): void {
    for (const [key, share] of this.#shares) if (share.heapIndex < 0 && share.served <= this.#now) this.#shares.delete(key);
    if (this.#shares.size >= KEPT_SHARES) for (const [key, share] of this.#shares) if (share.heapIndex < 0) this.#shares.delete(key);
    this.#forgetAt = Math.max(KEPT_SHARES, 2 * this.#shares.size);
  }
}
