import { canCallAnything } from '../../context/shown-stores.ts';
import { now } from '../../node/clock.ts';
import type { StallLog } from '../report/log.ts';
import type { Stall } from '../types.ts';
import type { ProbeClient } from './probe-client.ts';

/** A stall that lasts this long, in ms, is announced even where `ignore` cannot be asked in the middle of a stall. */
const TOO_LONG = 1000;
/** "Still stuck" after a second, ten, a hundred, in ms. */
const FIRST_REMINDER = 1000;

export interface AnnouncementParts {
  readonly probeClient: ProbeClient;
  readonly log: StallLog;
  readonly hasIgnore: boolean;
  /** Called with what is known of a stall that is not over. */
  progress(stall: Stall): void;
}

/** Announces a stall to the log while it lasts, and keeps track so that each announcement is made once. */
export class Announcements {
  readonly #parts: AnnouncementParts;
  #state: 'nothing' | 'silent' | 'asking' | 'stuck' | 'ignored' = 'nothing';
  #nextReminder = FIRST_REMINDER;

  constructor(parts: AnnouncementParts) {
    this.#parts = parts;
  }

  get isIgnored(): boolean {
    return this.#state === 'ignored';
  }

  get hasNamedStall(): boolean {
    return this.#state === 'stuck';
  }

  /** The watched thread does not answer. Where the user has an `ignore`, there is nothing yet to ask it about, so nothing is announced. */
  announceSilence(stall: Stall, at: number): void {
    if ((this.#state !== 'nothing' && this.#state !== 'silent') || this.#parts.hasIgnore) return;
    this.#parts.progress(stall);
    if (this.#state === 'nothing') this.#parts.log.silent(stall.duration, at);
    this.#state = 'silent';
  }

  announceStuck(stall: Stall, at: number): void {
    if (this.#state === 'asking' || this.#state === 'ignored') return;
    if (this.#state === 'stuck') { this.#remind(stall, at); return; }
    if (this.#parts.hasIgnore && canCallAnything) this.#askFirst(stall);
    else if (!this.#parts.hasIgnore || stall.duration >= TOO_LONG) this.#logStuck(stall, at);
  }

  /** Returns whether the end was logged: where the user has an `ignore`, the watched thread has to be asked first. */
  announceEnd(stall: Stall, at: number): boolean {
    if (this.#parts.hasIgnore && this.#state !== 'stuck') return false;
    this.#parts.log.ended(stall, this.#state === 'stuck', at);
    return true;
  }

  #askFirst(stall: Stall): void {
    this.#state = 'asking';
    this.#parts.probeClient.ignores(stall).then(
      (isIgnored) => {
        if (isIgnored) this.#state = 'ignored';
        else this.#logStuck(stall, now());
      },
      () => { this.#logStuck(stall, now()); },
    );
  }

  #logStuck(stall: Stall, at: number): void {
    this.#state = 'stuck';
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
