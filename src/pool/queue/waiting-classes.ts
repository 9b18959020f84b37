import type { CallClass } from './lanes.ts';

/** How many classes are listed before those of which no call waits any more are looked for. */
const TIDY_AT = 64;

/** The classes of the waiting calls. A class that none waits of stays listed for a while, since its next call often comes soon. */
export class WaitingClasses<C extends CallClass> {
  readonly #listed = new Set<C>();
  #tidyAt = TIDY_AT;

  /** Call this when the first call of the class begins to wait. */
  add(learned: C): void {
    this.#listed.add(learned);
    if (this.#listed.size > this.#tidyAt) this.#tidy();
  }

  some(accept: (learned: C) => boolean): boolean {
    for (const learned of this.#listed) {
      if (learned.waiting === 0) this.#listed.delete(learned);
      else if (accept(learned)) return true;
    }
    return false;
  }

  #tidy(): void {
    for (const learned of this.#listed) if (learned.waiting === 0) this.#listed.delete(learned);
    this.#tidyAt = Math.max(TIDY_AT, 2 * this.#listed.size);
  }
}
