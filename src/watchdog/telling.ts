import type { Prober } from './capture.ts';
import { now } from './clock.ts';
import type { StallLog } from './log.ts';
import type { Stall } from './types.ts';

/** "Still stuck" after a second, ten, a hundred, in ms. */
const FIRST_REMINDER = 1000;

export interface TellingParts {
  readonly prober: Prober;
  readonly log: StallLog;
  readonly hasIgnore: boolean;
  /** What is known of a stall that is not over. */
  progress(stall: Stall): void;
}

/** What has been said about one stall, so that it is said once. */
export class Telling {
  readonly #parts: TellingParts;
  #said: 'nothing' | 'silent' | 'asking' | 'stuck' | 'ignored' = 'nothing';
  #nextReminder = FIRST_REMINDER;

  constructor(parts: TellingParts) {
    this.#parts = parts;
  }

  get isIgnored(): boolean {
    return this.#said === 'ignored';
  }

  /** It does not answer. With an `ignore` there is nothing yet that it could be asked about. */
  silence(forMs: number, at: number): void {
    if (this.#said !== 'nothing' || this.#parts.hasIgnore) return;
    this.#said = 'silent';
    this.#parts.log.silent(forMs, at);
  }

  stuck(stall: Stall, at: number): void {
    if (this.#said === 'asking' || this.#said === 'ignored') return;
    if (this.#said === 'stuck') { this.#remind(stall, at); return; }
    if (this.#parts.hasIgnore) this.#askFirst(stall);
    else this.#say(stall, at);
  }

  /** What runs meanwhile has had the time to say whether it counts. */
  ended(stall: Stall, at: number): void {
    this.#parts.log.ended(stall, this.#said === 'stuck', at);
  }

  #askFirst(stall: Stall): void {
    this.#said = 'asking';
    this.#parts.prober.ignores(stall).then(
      (isIgnored) => {
        if (isIgnored) this.#said = 'ignored';
        else this.#say(stall, now());
      },
      () => { this.#say(stall, now()); },
    );
  }

  #say(stall: Stall, at: number): void {
    this.#said = 'stuck';
    this.#parts.progress(stall);
    this.#parts.log.stuck(stall, at);
  }

  #remind(stall: Stall, at: number): void {
    this.#parts.progress(stall);
    if (stall.duration < this.#nextReminder) return;
    while (this.#nextReminder <= stall.duration) this.#nextReminder *= 10;
    this.#parts.log.stillStuck(stall, at);
  }
}
