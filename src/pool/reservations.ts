import { setImmediate } from '../node/clock.ts';
import { inCleanRoot } from '../context/root.ts';
import { withResolvers, type PromiseWithResolvers } from '../node/promises.ts';

/**
 * Queue slots that are reserved for callers of `pool.ready()`. A reservation lasts for the current turn of the event loop, in
 * which the caller is expected to call. If one slot were promised to two callers, one of the two would be refused.
 */
export class Reservations {
  readonly #roomInQueue: () => number;
  readonly #waiting: PromiseWithResolvers<undefined>[] = [];
  #reserved = 0;
  #isExpiryScheduled = false;

  /** @param roomInQueue how many more calls the queue takes; call `grant()` when that number grows */
  constructor(roomInQueue: () => number) {
    this.#roomInQueue = roomInQueue;
  }

  /** How many slots nobody has reserved. */
  get free(): number {
    return this.#roomInQueue() - this.#reserved;
  }

  async wait(): Promise<void> {
    if (this.free > 0) {
      this.reserve();
      return;
    }
    const waiter = withResolvers<undefined>();
    this.#waiting.push(waiter);
    await waiter.promise;
  }

  grant(): void {
    while (this.#waiting.length > 0 && this.free > 0) {
      this.reserve();
      this.#waiting.shift()?.resolve(undefined);
    }
  }

  /** Call this when a call has entered the queue. The call is assumed to use one of the reserved slots, if there are any. */
  consume(): void {
    if (this.#reserved > 0) this.#reserved--;
  }

  refuseAll(reason: () => Error): void {
    for (const waiter of this.#waiting.splice(0)) waiter.reject(reason());
  }

  /** Reserves a slot for the rest of this turn of the event loop. */
  reserve(): void {
    this.#reserved++;
    if (this.#isExpiryScheduled) return;
    this.#isExpiryScheduled = true;
    inCleanRoot(() => setImmediate(() => { this.#expireAll(); }));
  }

  /** A caller that got a slot and did not use it must not hold up the others. */
  #expireAll(): void {
    this.#isExpiryScheduled = false;
    this.#reserved = 0;
    this.grant();
  }
}
