/** How many texts a worker keeps, each at the place that its number leads to. */
const PLACES = 4096;
/** Longer texts are sent each time: a worker is not to keep more than a few MB. */
export const MAX_KEPT = 1024;

/** Numbers go beyond 32 bits, so that none is ever given twice. */
const placeOf = (number: number): number => number % PLACES;

/**
 * Which texts a worker has been sent: a request's stores come with each of its calls, and a worker that has them needs only
 * their number. Pool and worker go through the same texts in the same order, so both know what stands at which place.
 */
export class SentTexts {
  readonly #numbers = new Float64Array(PLACES);

  /** Whether the worker has it; if not, it is sent now. */
  has(number: number): boolean {
    const place = placeOf(number);
    if (this.#numbers[place] === number) return true;
    this.#numbers[place] = number;
    return false;
  }

  /** What was to be sent was not. */
  forget(): void {
    this.#numbers.fill(0);
  }
}

/** The worker's side of it. */
export class KeptTexts {
  readonly #numbers = new Float64Array(PLACES);
  readonly #texts: string[] = [];

  /** The text of this number; `next` takes it from the message, which has it when it is not here. */
  get(number: number, next: () => string): string {
    const place = placeOf(number);
    if (this.#numbers[place] !== number) {
      this.#texts[place] = next();
      this.#numbers[place] = number;
    }
    return this.#texts[place]!;
  }
}
