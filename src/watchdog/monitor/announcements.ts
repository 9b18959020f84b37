import { canCallAnything } from '../../context/shown-stores.ts';
import type { ProbeClient } from './probe-client.ts';
import { now } from '../protocol/clock.ts';
import type { StallLog } from '../report/log.ts';
import type { Stall } from '../types.ts';

/** Where `ignore` cannot be asked in the middle of a stall, one that lasts this long is told of all the same, in ms. */
const TOO_LONG = 1000;
/** "Still stuck" after a second, ten, a hundred, in ms. */
const FIRST_REMINDER = 1000;

export interface AnnouncementParts {
  readonly prober: ProbeClient;
  readonly log: StallLog;
  readonly hasIgnore: boolean;
  /** What is known of a stall that is not over. */
  progress(stall: Stall): void;
}

/** What has been said about one stall, so that it is said once. */
export class Announcements {
  readonly #parts: AnnouncementParts;
  #said: 'nothing' | 'silent' | 'asking' | 'stuck' | 'ignored' = 'nothing';
  #nextReminder = FIRST_REMINDER;

  constructor(parts: AnnouncementParts) {
    this.#parts = parts;
  }

  get isIgnored(): boolean {
    return this.#said === 'ignored';
  }

  get hasNamed(): boolean {
    return this.#said === 'stuck';
  }

  /** It does not answer. With an `ignore` there is nothing yet that it could be asked about. */
  silence(stall: Stall, at: number): void {
    if ((this.#said !== 'nothing' && this.#said !== 'silent') || this.#parts.hasIgnore) return;
    this.#parts.progress(stall);
    if (this.#said === 'nothing') this.#parts.log.silent(stall.duration, at);
    this.#said = 'silent';
  }

  stuck(stall: Stall, at: number): void {
    if (this.#said === 'asking' || this.#said === 'ignored') return;
    if (this.#said === 'stuck') { this.#remind(stall, at); return; }
    if (this.#parts.hasIgnore && canCallAnything) this.#askFirst(stall);
    else if (!this.#parts.hasIgnore || stall.duration >= TOO_LONG) this.#say(stall, at);
  }

  /** Returns whether it has been said: where there is an `ignore`, the main thread has to be asked first. */
  ended(stall: Stall, at: number): boolean {
    if (this.#parts.hasIgnore && this.#said !== 'stuck') return false;
    this.#parts.log.ended(stall, this.#said === 'stuck', at);
    return true;
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
