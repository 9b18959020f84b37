import { Float64Array } from '../node/intrinsics.ts';

/** How many texts a worker keeps, each at the place that its number leads to. */
const PLACES = 4096;
/** Longer texts are sent each time: a worker is not to keep more than a few MB. */
export const MAX_KEPT = 1024;

/** Numbers go beyond 32 bits, so that none is ever given twice. */
const placeOf = (number: number): number => number % PLACES;

/**
 * Which texts a worker has been sent: a request's stores come with each of its calls, and a worker that has them needs only
 * their number. This side only saves sending a text again: each text that is sent comes with its number, and a worker
 * that lacks one says so.
 */
export class SentTexts {
  readonly #numbers = new Float64Array(PLACES);

  has(number: number): boolean {
    return this.#numbers[placeOf(number)] === number;
  }

  add(number: number): void {
    this.#numbers[placeOf(number)] = number;
  }

  /** Call this when a message was not sent, or when the worker turns out to lack a text. */
  forget(): void {
    this.#numbers.fill(0);
  }
}

/** The texts that a worker has been sent, by their numbers. */
export class KeptTexts {
  readonly #numbers = new Float64Array(PLACES);
  readonly #texts: string[] = [];

  /** Undefined where this worker does not have it. */
  get(number: number): string | undefined {
    const place = placeOf(number);
    return this.#numbers[place] === number ? this.#texts[place] : undefined;
  }

  set(number: number, text: string): void {
    const place = placeOf(number);
    this.#texts[place] = text;
    this.#numbers[place] = number;
  }
}
