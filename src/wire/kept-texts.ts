import { Float64Array } from '../node/intrinsics.ts';

/** How many texts a worker keeps, each at a place that its number determines. */
const PLACES = 4096;
/** Longer texts are sent each time, so that a worker keeps no more than a few MB. */
export const MAX_KEPT = 1024;

/** Numbers exceed 32 bits, so no number is ever given to a second text. */
const placeOf = (number: number): number => number % PLACES;

/**
 * For the pool: which texts a worker has been sent. The stores of a request come with each of its calls, and a worker that has their
 * texts needs only the numbers. The pool may be wrong: each text is sent with its number, and a worker that lacks one says so.
 */
export class SentTexts {
  readonly #numbers = new Float64Array(PLACES);

  has(number: number): boolean {
    return this.#numbers[placeOf(number)] === number;
  }

  add(number: number): void {
    this.#numbers[placeOf(number)] = number;
  }

  /** Call this when posting failed, or when the worker lacks a text. */
  forget(): void {
    this.#numbers.fill(0);
  }
}

/** For the worker: the texts that it has been sent, by their numbers. */
export class KeptTexts {
  readonly #numbers = new Float64Array(PLACES);
  readonly #texts: string[] = [];

  /** Undefined where this worker does not have the text. */
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
