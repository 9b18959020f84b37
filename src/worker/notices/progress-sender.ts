import { clearTimeout, setTimeout } from '../../node/clock.ts';
import type { ProgressNotice } from '../../wire/messages/notices.ts';
import { Newest } from '../../wire/newest-values.ts';

/** How progress values reach the pool. */
export interface ProgressChannel {
  /** Whether the pool keeps up, and has not too many values to read. */
  hasRoom(): boolean;
  /** @throws the platform's error when the value cannot be cloned */
  post(notice: ProgressNotice): void;
  /** A copy of the notice, to be posted later. @throws as `post` does */
  copy(notice: ProgressNotice): ProgressNotice;
}

/** How often waiting values are sent while a task waits for something else, in ms. */
const RETRY_MS = 5;

/**
 * Sends the progress values of the running task. A task may report faster than the pool reads: values that the pool has no room for
 * wait here, and only the newest values do, so that the memory of neither side grows.
 */
export class ProgressSender {
  readonly #channel: ProgressChannel;
  readonly #waiting = new Newest<ProgressNotice>();
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(channel: ProgressChannel) {
    this.#channel = channel;
  }

  /** @throws the platform's error when the value cannot be cloned */
  send(notice: ProgressNotice): void {
    if (this.#waiting.size > 0) this.#sendWaiting();
    if (this.#waiting.size === 0 && this.#channel.hasRoom()) this.#channel.post(notice);
    else this.#wait(this.#channel.copy(notice));
  }

  /** Call this when a task is over, before its response is sent: the response must not overtake the task's progress values. */
  flush(): void {
    if (this.#waiting.size === 0) return;
    while (this.#waiting.size > 0) this.#sendFirst();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(notice: ProgressNotice): void {
    this.#dropped += this.#waiting.push(notice);
    this.#timer ??= setTimeout(() => { this.#retry(); }, RETRY_MS);
  }

  #retry(): void {
    this.#timer = undefined;
    this.#sendWaiting();
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => { this.#retry(); }, RETRY_MS);
  }

  #sendWaiting(): void {
    while (this.#waiting.size > 0 && this.#channel.hasRoom()) this.#sendFirst();
  }

  #sendFirst(): void {
    const notice = this.#waiting.shift()!;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#channel.post(dropped === 0 ? notice : { ...notice, dropped });
  }
}
