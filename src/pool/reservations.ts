import { setImmediate } from '../node/clock.ts';
import { inCleanRoot } from '../context/root.ts';
import { withResolvers, type PromiseWithResolvers } from '../node/promises.ts';

/**
 * Who waits for a place in the queue. Whoever is let in has one kept for the turn of the event loop in which to call: were
 * the same place promised to two, one of them would be refused after all.
 */
export class Reservations {
  readonly #count: () => number;
  readonly #waiting: PromiseWithResolvers<undefined>[] = [];
  #kept = 0;
  #isTurn = false;

  /** @param count how many more calls the queue takes; `changed()` is to be called when there are more */
  constructor(count: () => number) {
    this.#count = count;
  }

  /** Those that are kept for nobody. */
  get free(): number {
    return this.#count() - this.#kept;
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

  /** Somebody has called: it may well be the one that a place was kept for. */
  redeem(): void {
    if (this.#kept > 0) this.#kept--;
  }

  refuseAll(reason: () => Error): void {
    for (const waiter of this.#waiting.splice(0)) waiter.reject(reason());
  }

  /** For the rest of the turn. */
  reserve(): void {
    this.#kept++;
    if (this.#isTurn) return;
    this.#isTurn = true;
    inCleanRoot(() => setImmediate(() => { this.#endTurn(); }));
  }

  /** Somebody who was let in and then called nothing must not hold up the others. */
  #endTurn(): void {
    this.#isTurn = false;
    this.#kept = 0;
    this.grant();
  }
}
