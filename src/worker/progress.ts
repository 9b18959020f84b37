import { clearTimeout, setTimeout } from '../node/clock.ts';
import type { ProgressNotice } from '../wire/messages.ts';
import { Newest } from '../wire/newest-values.ts';

/** How progress values get to the pool. */
export interface ReportLine {
  /** The pool keeps up: it has not too many of them to read. */
  hasRoom(): boolean;
  /** @throws whatever the platform says when the value cannot be cloned */
  post(notice: ProgressNotice): void;
  /** The notice as it is now, for later. @throws as `post` does */
  copy(notice: ProgressNotice): ProgressNotice;
}

/** How often a task that waits for something else has what it has reported sent on, in ms. */
const AGAIN_AFTER = 5;

/**
 * The progress values of the task that runs. A task may report faster than the pool can read: what the pool has no room for waits
 * here, and only the newest values do, so that neither side's memory grows.
 */
export class Reports {
  readonly #line: ReportLine;
  readonly #waiting = new Newest<ProgressNotice>();
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(line: ReportLine) {
    this.#line = line;
  }

  /** @throws whatever the platform says when the value cannot be cloned */
  report(notice: ProgressNotice): void {
    if (this.#waiting.size > 0) this.#send();
    if (this.#waiting.size === 0 && this.#line.hasRoom()) this.#line.post(notice);
    else this.#wait(this.#line.copy(notice));
  }

  /** To be called when a task is over, before its answer is sent: that must not overtake what the task has reported. */
  finish(): void {
    if (this.#waiting.size === 0) return;
    while (this.#waiting.size > 0) this.#sendFirst();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(notice: ProgressNotice): void {
    this.#dropped += this.#waiting.push(notice);
    this.#timer ??= setTimeout(() => { this.#sendLater(); }, AGAIN_AFTER);
  }

  #sendLater(): void {
    this.#timer = undefined;
    this.#send();
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => { this.#sendLater(); }, AGAIN_AFTER);
  }

  #send(): void {
    while (this.#waiting.size > 0 && this.#line.hasRoom()) this.#sendFirst();
  }

  #sendFirst(): void {
    const notice = this.#waiting.shift()!;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#line.post(dropped === 0 ? notice : { ...notice, dropped });
  }
}
