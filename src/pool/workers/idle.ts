import { clearTimeout, now } from '../../node/clock.ts';
import { ON_TIME_MS } from '../../node/time-limit.ts';
import { unrefTimer } from '../../node/timers.ts';
import type { PoolWorker } from './pool-worker.ts';

/** Idle ms after which a worker's event loop turns again: far above the gaps between the calls of a busy pool. */
const REST_AFTER = 10;

export interface IdleLimits {
  readonly idleTimeout: number;
  /** How many workers there are too many. */
  surplus(): number;
  /** Ends a worker that has been idle for too long; `surplus` counts it no more. */
  end(slot: PoolWorker): void;
}

/**
 * The idle workers. The last one to become idle is the first to work again, so that the idle time of the others runs
 * out. One timer for all of each kind: a timer for each worker and task would cost more than many a task.
 */
export class IdleSlots {
  readonly #slots: PoolWorker[] = [];
  readonly #limits: IdleLimits;
  #ender: NodeJS.Timeout | undefined;
  #rester: NodeJS.Timeout | undefined;

  constructor(limits: IdleLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#slots.length;
  }

  push(slot: PoolWorker): void {
    slot.state = 'idle';
    slot.isResting = false;
    slot.idleSince = now();
    this.#slots.push(slot);
    this.#armRest();
    if (this.#ender === undefined && this.#limits.surplus() > 0) this.#armEnd(this.#limits.idleTimeout);
  }

  pop(): PoolWorker | undefined {
    return this.#slots.pop();
  }

  remove(slot: PoolWorker): void {
    const at = this.#slots.indexOf(slot);
    if (at >= 0) this.#slots.splice(at, 1);
  }

  stop(): void {
    clearTimeout(this.#ender);
    clearTimeout(this.#rester);
  }

  #armRest(): void {
    this.#rester ??= unrefTimer(() => { this.#letRest(); }, REST_AFTER);
  }

  #letRest(): void {
    this.#rester = undefined;
    const since = now() - REST_AFTER;
    for (const slot of this.#slots) {
      if (slot.isResting || slot.idleSince > since) continue;
      slot.isResting = true;
      slot.worker.resumeEventLoop?.();
    }
    if (this.#slots.some((slot) => !slot.isResting)) this.#armRest();
  }

  #armEnd(ms: number, isLate = false): void {
    const due = now() + ms;
    this.#ender = unrefTimer(() => {
      const late = now() - due;
      // After a sleep of the machine, calls may be on their way that want the workers.
      if (late > ON_TIME_MS && !isLate) this.#armEnd(Math.min(late, this.#limits.idleTimeout), true);
      else this.#endOld();
    }, ms);
  }

  #endOld(): void {
    this.#ender = undefined;
    // A timer may fire a little early.
    const since = now() - this.#limits.idleTimeout + 1;
    // The longest idle ones lie at the bottom.
    for (let oldest = this.#slots[0]; oldest !== undefined && this.#limits.surplus() > 0; oldest = this.#slots[0]) {
      if (oldest.idleSince > since) {
        this.#armEnd(oldest.idleSince - since);
        return;
      }
      this.#limits.end(oldest);
    }
  }
}
